"""Reads labelled conversations: JSON objects of {conversation_id, messages: [{message, tags}]}."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from beez.files import encoding, json_objects
from beez.files.encoding import UnreadableError
from beez.files.json_objects import Bad
from training.datasets import records
from training.datasets.gathering import PROBLEMS_SHOWN, DatasetError
from training.datasets.records import Example, InvalidError, Problem, Rules

SHAPE = '{"conversation_id": …, "messages": [{"message": …, "tags": […]}, …]}'


def read(path: Path, rules: Rules, *, tell: Callable[[str], object]) -> list[list[Example]]:
    """The messages of each conversation; DatasetError names every bad one's line and reason.

    What was assumed about the file's encoding is told.
    """
    try:
        text = encoding.read(path)
    except UnreadableError as error:
        raise DatasetError(f"{path.name}: {error}") from error
    if text.remark:
        tell(f"{path.name}: {text.remark}")
    found = list(_conversations(text.content, path.name, rules))
    if problems := [str(one) for one in found if isinstance(one, Problem)]:
        shown = problems[:PROBLEMS_SHOWN]
        more = [f"… and {len(problems) - len(shown)} more"] if len(problems) > len(shown) else []
        raise DatasetError("\n  ".join(["bad conversations:", *shown, *more]))
    if not found:
        raise DatasetError(f"{path.name}: holds no conversation; one is {SHAPE}")
    return [one for one in found if isinstance(one, list)]


def _conversations(text: str, source: str, rules: Rules) -> Iterator[list[Example] | Problem]:
    for found in json_objects.objects(text):
        try:
            if isinstance(found, Bad):
                raise InvalidError(found.reason)
            yield _messages(found.fields.get("messages"), rules)
        except InvalidError as error:
            yield Problem(source=source, line=found.line, reason=str(error))


def _messages(value: Any, rules: Rules) -> list[Example]:
    if not isinstance(value, list) or not value:
        raise InvalidError(f"not a conversation; one is {SHAPE}")
    return [_message(number, one, rules) for number, one in enumerate(value, start=1)]


def _message(number: int, value: Any, rules: Rules) -> Example:
    try:
        if not isinstance(value, dict):
            raise InvalidError(f"not a message; a conversation is {SHAPE}")
        text, tags = value.get("message"), value.get("tags")
        return Example(message=records.message(text, rules), tags=records.tags("tags", tags, rules))
    except InvalidError as error:
        raise InvalidError(f"message {number} of the conversation: {error}") from error
