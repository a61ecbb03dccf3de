"""A message that waits in the review queue, with what the queue goes by set by the test."""

from typing import Any

from conversations.models import Message
from tests.conversations.posting import add_message


def wait(text: str, *, conversation_id: str | None = None, **fields: Any) -> Message:
    """Stored alone in a conversation; `fields` are `unsure`, `uncertainty` and `sampled`."""
    message = add_message(conversation_id=conversation_id or text, text=text)
    given = {"unsure": False, "uncertainty": 0.1, "sampled": False} | fields
    Message.objects.filter(pk=message.pk).update(**given)
    return Message.objects.get(pk=message.pk)
