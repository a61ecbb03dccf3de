"""Posting a message in a test that asks for the stored row alone."""

from typing import Any

from conversations import ingest
from conversations.models import Message


def add_message(**arguments: Any) -> Message:
    return ingest.post(**arguments).message
