"""Reads JSON objects from a text: one a line, pretty-printed one after another, or in an array.

The only reader of JSON lines in the house. A bad object is a `Bad` with its line and reason, and
the objects after it are still read.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from beez.files.encoding import SURROGATE

# What an export wraps its list of objects in.
WRAPPERS = ("records", "data", "items", "examples", "rows", "results", "tasks")
_BETWEEN = re.compile(r"[\s,]*")


@dataclass(frozen=True)
class Object:
    """`line`, from 1, is where the object begins."""

    line: int
    fields: dict[str, Any]


@dataclass(frozen=True)
class Bad:
    """Something that is no usable JSON object, and why."""

    line: int
    reason: str


def objects(text: str) -> Iterator[Object | Bad]:
    """Every object of the text, in order. Lines end at \\n alone; blank ones are nothing."""
    if is_one_a_line(text):
        lines = enumerate(text.split("\n"), start=1)
        return (of_line(number, line) for number, line in lines if line.strip())
    return _one_after_another(text, _first_object(text))


def is_one_a_line(text: str) -> bool:
    """Whether the first line is an object by itself, or a broken one with another below it."""
    filled = [line.lstrip() for line in _first_lines(text, 2)]
    if not filled:
        return True
    try:
        first, _ = _value(filled[0], 0)
    except (ValueError, RecursionError):
        return filled[0][:1] != "[" and filled[-1][:1] == "{" and filled[0].rstrip() != "{"
    return len(filled) > 1 or not (isinstance(first, list) or _wrapper(first))


def _first_lines(text: str, wanted: int) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text) and len(found) < wanted:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if line := text[at:end].strip():
            found.append(line)
        at = end + 1
    return found


def of_line(number: int, line: str) -> Object | Bad:
    """The object that a line holds; a comma may follow it."""
    start = len(line) - len(line.lstrip())
    try:
        value, end = _value(line, start)
    except (ValueError, RecursionError) as error:
        return Bad(number, _reason(error))
    if line[end:].strip() not in ("", ","):
        return Bad(number, f"not valid JSON: something follows at character {end + 1}")
    return _object(number, value)


def _one_after_another(text: str, at: int) -> Iterator[Object | Bad]:
    line, counted = 1, 0
    at = _skipped(text, at)
    indent = at - text.rfind("\n", 0, at) - 1
    while at < len(text) and text[at] not in "]}":
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = _value(text, at)
            yield _object(line, value)
        except (ValueError, RecursionError) as error:
            after = _next_object(text, at, indent)
            unread = "" if after else "; nothing after it could be read"
            yield Bad(line, _reason(error) + unread)
            at = after or len(text)
        at = _skipped(text, at)
    in_array = text.lstrip()[:1] == "["
    if in_array and (rest := text[at + 1 :].lstrip()):
        line += text.count("\n", counted, len(text) - len(rest))
        yield Bad(line, "something follows the end of the array, and was not read")


def _first_object(text: str) -> int:
    """Where the first object begins: behind the bracket of an array, in a wrapper if need be."""
    start = _skipped(text, 0)
    if text[start : start + 1] == "[":
        return start + 1
    for name in WRAPPERS:
        if found := re.compile(rf'\{{\s*"{name}"\s*:\s*\[').match(text, start):
            return found.end()
    try:
        wrapper = _wrapper(_value(text, start)[0])
    except (ValueError, RecursionError):
        return start
    found = re.compile(rf'"{wrapper}"\s*:\s*\[').search(text, start) if wrapper else None
    return found.end() if found else start


def _wrapper(value: Any) -> str | None:
    """The name under which an object has a list of objects, where that is all it is for."""
    if not isinstance(value, dict):
        return None
    return next((name for name in WRAPPERS if _holds_objects(value.get(name))), None)


def _holds_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _next_object(text: str, at: int, indent: int) -> int | None:
    """The next line that begins an object, indented no deeper than the first one was."""
    found = re.compile(rf"\n[ \t]{{0,{indent}}}\{{").search(text, at)
    return found.end() - 1 if found else None


def _skipped(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int) -> tuple[Any, int]:
    """The value that begins at `at`, and where it ends; ValueError or RecursionError."""
    repeated = []

    def fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            repeated.append(True)
        return found

    value, end = json.JSONDecoder(object_pairs_hook=fields).raw_decode(text, at)
    if SURROGATE.search(text, at, end):
        value = Bad(0, "not valid UTF-8")
    return (Bad(0, "a field is named twice") if repeated else value), end


def _object(line: int, value: Any) -> Object | Bad:
    if isinstance(value, Bad):
        return Bad(line, value.reason)
    if not isinstance(value, dict):
        return Bad(line, "not a JSON object")
    return Object(line, value)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        where = f"line {error.lineno}, " if error.lineno > 1 else ""
        return f"not valid JSON: {error.msg} at {where}character {error.colno}"
    if isinstance(error, RecursionError):
        return "not valid JSON: nested too deeply"
    return f"not valid JSON: {error}"
