"""Reads labelled messages from JSON lines and CSV, strictly.

Every record becomes a `Record` or a `Problem` with its line and reason; nothing is skipped in
silence. Knows no database: the tags that may occur and the longest message are arguments.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIELDS = ("message", "tags", "group", "labelled_for")
JSON_LINES_SUFFIXES = (".jsonl", ".ndjson", ".json")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Example:
    """A labelled message; `tags` without repetition, `group` names a targeted group.

    Nobody has said whether the tags in `unknown` hold. A tag in neither does not hold.
    """

    message: str
    tags: tuple[str, ...]
    group: str | None = None
    unknown: tuple[str, ...] = ()

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


class _InvalidError(Exception):
    """A record breaks a rule; the message is the reason."""


class _UnreadableError(Exception):
    """The file as a whole cannot be used; the message is the reason."""


def read(
    path: Path, *, source: str, known_tags: Sequence[str], max_length: int
) -> Iterator[Record | Problem]:
    """Yield what each record of `path` holds, in order. `max_length` is in characters.

    Blank lines are no records. A file that cannot be read to its end yields a `Problem` with
    line 0 as its last item.
    """
    known = frozenset(known_tags)
    try:
        for line, raw in _rows(path):
            try:
                fields = _fields(raw)
                example = _example(fields, known_tags=known, max_length=max_length)
                said = _labelled_for(fields.get("labelled_for"), example, known_tags=known)
                yield Record(example=example, source=source, line=line, labelled_for=said)
            except _InvalidError as error:
                yield Problem(source=source, line=line, reason=str(error))
    except _UnreadableError as error:
        yield Problem(source=source, line=0, reason=str(error))


def _rows(path: Path) -> Iterator[tuple[int, str | dict[str, Any]]]:
    """(line number, a line of JSON or the cells of a CSV row by column)."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _csv_rows(_text(path))
    if suffix in JSON_LINES_SUFFIXES:
        lines = enumerate(_text(path).split("\n"), start=1)
        return ((number, line) for number, line in lines if line.strip())
    raise _UnreadableError(f"unknown kind of file {suffix!r} (known: .csv, .jsonl, .ndjson)")


def _text(path: Path) -> str:
    """The file's text, bytes that are not UTF-8 kept as surrogates for their own line to fail."""
    try:
        return path.read_bytes().decode("utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise _UnreadableError(f"cannot be read: {error.strerror or error}") from error


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = _header(next(reader, []))
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                yield line, _cells(header, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise _UnreadableError(f"not valid CSV near line {reader.line_num}: {error}") from error


def _header(cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if not {"message", "tags"} <= set(header):
        raise _UnreadableError("the first line must name the columns message and tags")
    if len(set(header)) < len(header):
        raise _UnreadableError("a column is named twice")
    if unknown := _unknown(header):
        raise _UnreadableError(f"unknown column {unknown[:60]!r}")
    return header


def _cells(header: list[str], cells: list[str]) -> dict[str, Any]:
    if len(cells) != len(header):
        return {"": f"{len(cells)} cells where the header has {len(header)}"}
    fields: dict[str, Any] = dict(zip(header, cells, strict=True))
    fields["tags"] = _names(fields["tags"])
    fields["labelled_for"] = _names(fields.get("labelled_for", "")) or None
    fields["group"] = fields.get("group", "").strip() or None
    return fields


def _names(cell: str) -> list[str]:
    return [name.strip() for name in re.split("[;|]", cell) if name.strip()]


def _fields(raw: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(raw, dict):
        if "" in raw:
            raise _InvalidError(raw[""])
        return raw
    if _SURROGATE.search(raw):
        raise _InvalidError("not valid UTF-8")
    try:
        fields = json.loads(raw, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:
        raise _InvalidError(f"not valid JSON: {_explain(error)}") from error
    if not isinstance(fields, dict):
        raise _InvalidError("not a JSON object")
    return fields


def _explain(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1}"
    return str(error)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _InvalidError("a field is named twice")
    return fields


def _example(fields: dict[str, Any], *, known_tags: frozenset[str], max_length: int) -> Example:
    if unknown := _unknown(fields):
        raise _InvalidError(f"unknown field {unknown[:60]!r} (begin its name with _ to keep it)")
    return Example(
        message=_message(fields.get("message"), max_length=max_length),
        tags=_tags("tags", fields.get("tags"), known_tags=known_tags),
        group=_group(fields.get("group")),
    )


def _unknown(names: Sequence[str] | dict[str, Any]) -> str | None:
    """The first name that is neither a field nor a remark (which begins with `_`)."""
    return next((name for name in names if name not in FIELDS and name[:1] != "_"), None)


def _message(value: Any, *, max_length: int) -> str:
    if not isinstance(value, str):
        raise _InvalidError("message is missing" if value is None else "message is not a string")
    message = value.replace("\r\n", "\n").strip()
    if not message:
        raise _InvalidError("message is empty")
    if len(message) > max_length:
        raise _InvalidError(
            f"message has {len(message)} characters; at most {max_length} are allowed"
        )
    return _clean("message", message)


def _tags(field: str, value: Any, *, known_tags: frozenset[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        wrong = "is missing" if value is None else "is not a list of strings"
        raise _InvalidError(f"{field} {wrong}")
    if unknown := [tag for tag in value if tag not in known_tags]:
        raise _InvalidError(f"unknown tag {unknown[0][:60]!r}")
    if len(set(value)) < len(value):
        raise _InvalidError("a tag is named twice")
    return tuple(value)


def _labelled_for(
    value: Any, example: Example, *, known_tags: frozenset[str]
) -> tuple[str, ...] | None:
    if value is None:
        return None
    tags = _tags("labelled_for", value, known_tags=known_tags)
    if not tags:
        raise _InvalidError("labelled_for names no tag")
    if missing := [tag for tag in example.tags if tag not in tags]:
        raise _InvalidError(f"labelled_for lacks {missing[0]!r}, which stands in tags")
    return tags


def _group(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise _InvalidError("group is not a name")
    return _clean("group", value.strip())


def _clean(field: str, text: str) -> str:
    if "\0" in text:
        raise _InvalidError(f"{field} holds a NUL character")
    if _SURROGATE.search(text):
        raise _InvalidError(f"{field} is not valid UTF-8")
    return text
