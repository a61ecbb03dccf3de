"""Plays conversations from a file through the write path and tells how their tag evolves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rest_framework import serializers

from beez.files import encoding, json_objects
from beez.files.encoding import UnreadableError
from beez.files.json_objects import Bad
from classifier.fields import MessageField
from classifier.terminal import printable
from conversations import answers, ingest, tagging
from conversations.ingest import Posted
from conversations.requests import ConversationIdField

DEMONSTRATION = Path(__file__).parent / "data" / "demonstration.jsonl"
LONGEST_ID = 200  # characters, so that a prefix fits before it


class BadFileError(Exception):
    """The file cannot be played; the message says why, and names the line."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """A conversation to play."""

    conversation_id: str
    messages: list[str]


class _Line(serializers.Serializer[Any]):
    conversation_id = ConversationIdField(max_length=LONGEST_ID)
    messages = serializers.ListField(child=MessageField(), allow_empty=False)


def read(path: Path, *, tell: Callable[[str], object]) -> list[Script]:
    """The conversations of a file of JSON objects, all checked before the first is played.

    What was assumed about the file's encoding is told.
    """
    try:
        text = encoding.read(path)
    except UnreadableError as error:
        raise BadFileError(f"{path} {error}") from error
    if text.remark:
        tell(f"{path}: {text.remark}")
    scripts: dict[str, Script] = {}
    for found in json_objects.objects(text.content):
        if isinstance(found, Bad):
            raise BadFileError(f"{path}, line {found.line}: {found.reason}")
        parsed = _Line(data=found.fields)
        if not parsed.is_valid():
            raise BadFileError(f"{path}, line {found.line}: {_first_sentence(parsed.errors)}")
        script = Script(**parsed.validated_data)
        if script.conversation_id in scripts:
            raise BadFileError(f"{path}, line {found.line}: a second {script.conversation_id!r}.")
        scripts[script.conversation_id] = script
    return list(scripts.values())


def play(script: Script, *, conversation_id: str, rule: str | None = None) -> Iterator[Posted]:
    """Post the messages to the conversation `conversation_id`, one after the other."""
    for text in script.messages:
        yield ingest.post(conversation_id=conversation_id, text=text, rule=rule)


def row(posted: Posted) -> str:
    """A line of the table: position, message, its tags, the conversation's tag after it."""
    message = posted.message
    text = answers.shortened(printable(message.text))
    tags = ", ".join(tag.tag_id for tag in message.predicted_tags.all()) or "–"
    return f"{message.position:>3}  {text:<53}  {tags:<32}  {_outcome(posted)}"


HEADING = f"{'#':>3}  {'message':<53}  {'its tags':<32}  conversation"


def _outcome(posted: Posted) -> str:
    before = posted.previous.conversation_tag_id if posted.previous else None
    after = posted.message.conversation_tag_id
    confidence = posted.message.conversation_tag_confidence
    now = f"{after} {confidence:.2f}" if after and confidence is not None else "no tag"
    return f"{before} → {now}" if tagging.is_switch(before, after) else now


def _first_sentence(errors: Any, path: str = "") -> str:
    if isinstance(errors, dict):
        name, inner = next(iter(errors.items()))
        return _first_sentence(inner, f"{path}.{name}".strip("."))
    return f"{path}: {errors[0]}"
