"""What this room asks of those above it, which it may not import: they hand it in at start."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

_texts: list[Callable[[str, Mapping[str, Any]], str | None]] = []
_tags: list[Callable[[], Iterable[str]]] = []


def texts_come_from(ask: Callable[[str, Mapping[str, Any]], str | None]) -> None:
    """`ask(subject, data)` gives the text of the message that an event is about, if any."""
    _texts[:] = [ask]


def tags_come_from(ask: Callable[[], Iterable[str]]) -> None:
    """`ask()` gives the names of all tags, in the order to show them."""
    _tags[:] = [ask]


def text(subject: str, data: Mapping[str, Any]) -> str | None:
    return _texts[0](subject, data) if _texts else None


def tag_names() -> list[str]:
    return list(_tags[0]()) if _tags else []
