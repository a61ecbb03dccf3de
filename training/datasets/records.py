"""What is read of labelled messages, and the rules by which the fields of a record become one.

Knows neither files nor the database: the tags that may occur and the longest message are arguments.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from beez.files import names
from beez.files.encoding import SURROGATE
from training.datasets.notes import quoted


@dataclass(frozen=True, kw_only=True)
class Example:
    """A labelled message; `tags` without repetition, `group` names a targeted group.

    Nobody has said whether the tags in `unknown` hold. A tag in neither does not hold. `review` is
    the key of the review that it comes from, if staff said it.
    """

    message: str
    tags: tuple[str, ...]
    group: str | None = None
    unknown: tuple[str, ...] = ()
    review: int | None = None  # number of the review that it comes from
    line: int = field(default=0, compare=False)  # of the split's file that it was read from

    def __post_init__(self) -> None:
        if both := set(self.tags) & set(self.unknown):
            raise ValueError(f"{min(both)} cannot hold and be unknown")


@dataclass(frozen=True, kw_only=True)
class Record:
    """An example and the place that it was read from (`line` counts from 1).

    `labelled_for`: the tags that the record says it was labelled for; None where it does not say.
    """

    example: Example
    source: str
    line: int
    labelled_for: tuple[str, ...] | None = None

    @property
    def place(self) -> str:
        return f"{self.source}:{self.line}"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a record cannot be used; `line` 0 means that the file as a whole cannot."""

    source: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.source}{f':{self.line}' if self.line else ''}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What the reader did by itself with a file; `loud` where it may not be what was meant."""

    source: str
    sentence: str
    loud: bool = False

    def __str__(self) -> str:
        return f"{self.source}: {self.sentence}"


class InvalidError(Exception):
    """A record breaks a rule; the message is the reason."""


@dataclass(frozen=True)
class Rules:
    """Which tags may occur, and how many characters a message may have."""

    known_tags: frozenset[str]
    max_length: int


def record(fields: Mapping[str, Any], *, source: str, line: int, rules: Rules) -> Record:
    """The record of `message`, `tags`, `group` and `labelled_for`; InvalidError with the reason."""
    example = Example(
        message=message(fields.get("message"), rules),
        tags=tags("tags", fields.get("tags"), rules),
        group=_group(fields.get("group")),
    )
    said = _labelled_for(fields.get("labelled_for"), example, rules)
    return Record(example=example, source=source, line=line, labelled_for=said)


def message(value: Any, rules: Rules) -> str:
    """A message's text, trimmed; InvalidError."""
    if not isinstance(value, str):
        raise InvalidError("message is missing" if value is None else "message is not a string")
    text = value.replace("\r\n", "\n").strip()
    if not text:
        raise InvalidError("message is empty")
    if len(text) > rules.max_length:
        raise InvalidError(
            f"message has {len(text)} characters; at most {rules.max_length} are allowed"
        )
    return _clean("message", text)


def tags(field: str, value: Any, rules: Rules) -> tuple[str, ...]:
    """Tags from a list or a text such as a cell; InvalidError."""
    if isinstance(value, str):
        value = listed(value, rules.known_tags)
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        wrong = "missing ([] says that there is none)" if value is None else "not a list of strings"
        raise InvalidError(f"{field} is {wrong}")
    if len(value) == 1 and _says_none(value[0], rules.known_tags):
        return ()
    if unknown := [tag for tag in value if tag not in rules.known_tags]:
        raise InvalidError(f"unknown tag {quoted(unknown[0])}{_hint(unknown[0], rules)}")
    if len(set(value)) < len(value):
        raise InvalidError("a tag is named twice")
    return tuple(value)


def listed(text: str, known_tags: Set[str]) -> list[str]:
    """The tags that a text lists, each once, separated by `;`, `|`, a line's end, or a comma.

    A tag that has a comma in its name stays whole. Brackets and quotes around are dropped, as
    spreadsheets get them from programs that write lists.
    """
    text = text.strip()
    bracketed = text[:1] == "[" and text[-1:] == "]"
    text = text[1:-1] if bracketed else text
    found: list[str] = []
    for part in re.split(f"[{names.PARTS_TAGS}]", text):
        whole = part.strip() in known_tags
        found += [part] if whole else part.split(",")
    stripped = [one.strip(f" \t\r{names.QUOTES}" if bracketed else None) for one in found]
    return list(dict.fromkeys(one for one in stripped if one))


def _says_none(tag: str, known_tags: Set[str]) -> bool:
    return tag.strip().casefold() in names.NO_TAG and tag not in known_tags


def _hint(tag: str, rules: Rules) -> str:
    same = [one for one in rules.known_tags if names.folded(one) == names.folded(tag)]
    return f" (did you mean {same[0]!r}?)" if same else ""


def _labelled_for(value: Any, example: Example, rules: Rules) -> tuple[str, ...] | None:
    if value is None or value == "":
        return None
    found = tags("labelled_for", value, rules)
    if not found:
        raise InvalidError("labelled_for names no tag")
    if missing := [tag for tag in example.tags if tag not in found]:
        raise InvalidError(f"labelled_for lacks {missing[0]!r}, which stands in tags")
    return found


def _group(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise InvalidError("group is not a name")
    return _clean("group", value.strip())


def _clean(field: str, text: str) -> str:
    if "\0" in text:
        raise InvalidError(f"{field} holds a NUL character")
    if SURROGATE.search(text):
        raise InvalidError(f"{field} is not valid UTF-8")
    return text
