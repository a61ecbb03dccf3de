"""Rows of a file of messages: what is read of each, and the row that goes out with its answer.

A row keeps what it came with. What Beez adds stands under its own names; where the row has such a
name already, with `beez_` before it.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rest_framework.exceptions import ValidationError

from beez.files import json_objects, names, streams, tables
from beez.files.encoding import SURROGATE, UnreadableError
from beez.files.json_objects import Bad
from beez.files.streams import Examined
from beez.files.tables import Cells, Table
from classifier.fields import MessageField

JSON_LINES = (".jsonl", ".ndjson")
TABLES = (".csv", ".tsv", ".tab", ".txt")
_AFTER = re.compile(r"[\s,]+$")
MARK = "\ufeff"  # by which spreadsheets know UTF-8


@dataclass(frozen=True)
class Row:
    """A row of the file: the text to classify, or why there is none, and what it came with."""

    line: int
    text: str | None
    error: str
    own: Any


class Form(Protocol):
    """How a kind of file is read and written."""

    def rows(self) -> Iterator[Row]: ...

    def beginning(self, tags: Sequence[str]) -> str:
        """What stands before the first row, for a model of these tags."""
        ...

    def written(self, row: Row, answer: Mapping[str, Any] | None) -> str: ...


def form(found: Examined, target: Path) -> Form:
    """UnreadableError where the file is of no known kind, or of another one than `target`."""
    for suffixes, made in ((JSON_LINES, JsonLines), (TABLES, TableRows)):
        if found.path.suffix.lower() in suffixes:
            if target.suffix.lower() not in suffixes:
                raise UnreadableError(
                    f"rows go out as they come in: write to a file named {' or '.join(suffixes)}"
                )
            return made(found)
    raise UnreadableError(
        f"unknown kind of file {found.path.suffix!r} (known: .jsonl and .ndjson with an object a "
        "line, .csv and .tsv; `jq -c '.[]'` makes such lines of an array, and a workbook can be "
        "saved as CSV)"
    )


class JsonLines:
    """An object a line, which goes out as it was written, with a field more."""

    ANSWER, ERROR = "classification", "error"

    def __init__(self, found: Examined) -> None:
        self._found = found
        if not json_objects.is_one_a_line(self._sample()):
            raise UnreadableError(
                "is not one JSON object a line; `jq -c .` makes objects of several lines so, and "
                "`jq -c '.[]'` an array"
            )

    def rows(self) -> Iterator[Row]:
        for line, text in enumerate(self._lines(), start=1):
            if text.strip():
                yield self._row(line, text.removesuffix("\n"))

    def beginning(self, tags: Sequence[str]) -> str:
        return ""

    def written(self, row: Row, answer: Mapping[str, Any] | None) -> str:
        name, value = (self.ERROR, _told(row)) if answer is None else (self.ANSWER, _named(answer))
        ours = json.dumps({_free(name, row.own[1]): value}, ensure_ascii=False)
        own = row.own[0]
        return f"{own}, {ours[1:]}\n" if row.own[1] else f"{ours}\n"

    def _row(self, line: int, text: str) -> Row:
        found = json_objects.of_line(line, text)
        if isinstance(found, Bad):
            return Row(line, None, found.reason, ("", ()))
        fields = found.fields
        # Its own text without the last bracket: numbers and order stay as they are.
        own = _AFTER.sub("", text.strip()).removesuffix("}").rstrip()
        name = names.best(list(fields), "message")
        return _checked(line, fields[name] if name else None, (own, tuple(fields)))

    def _lines(self) -> Iterator[str]:
        return streams.lines(self._found, newline="\n")

    def _sample(self) -> str:
        filled: list[str] = []
        for line in self._lines():
            if line.strip():
                filled.append(line)
            if len(filled) == 2:
                break
        return "".join(filled)


class TableRows:
    """A table, which goes out with its own columns and separator, and with columns more."""

    def __init__(self, found: Examined) -> None:
        self._found = found
        header = self._table()[1]
        message = names.best(header, "message")
        assert message is not None
        self._header, self._message = header, header.index(message)
        self._tags: Sequence[str] = ()

    def rows(self) -> Iterator[Row]:
        coming = self._table()[0].rows
        for found in coming:
            if isinstance(found, Bad):
                yield Row(found.line, None, found.reason, self._nothing())
            elif any(cell.strip() for cell in found[1]):
                yield self._row(*found)

    def beginning(self, tags: Sequence[str]) -> str:
        self._tags = tags
        ours = ["tags", *(f"confidence_{tag}" for tag in tags)]
        ours += ["review", "unfamiliar", "model_version", "error"]
        mark = MARK if self._found.marked or self._found.remark else ""
        return mark + self._line([*self._header, *(_free(name, self._header) for name in ours)])

    def written(self, row: Row, answer: Mapping[str, Any] | None) -> str:
        if answer is None:
            return self._line([*row.own, *[""] * (len(self._tags) + 4), _told(row)])
        confidences = {one["tag"]: str(one["confidence"]) for one in answer["all"]}
        selected = ";".join(one["tag"] for one in answer["selected"])
        truths = [str(answer[name]).lower() for name in ("review", "unfamiliar")]
        ours = [selected, *(confidences[tag] for tag in self._tags), *truths]
        return self._line([*row.own, *ours, answer["model_version"], ""])

    def _row(self, line: int, cells: Cells) -> Row:
        width = len(self._header)
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            why = f"{len(cells)} cells where the header has {width}"
            return Row(line, None, why, self._nothing())
        if any(map(SURROGATE.search, cells)):
            return Row(line, None, "not valid UTF-8", self._nothing())
        return _checked(line, cells[self._message], cells[:width])

    def _nothing(self) -> Cells:
        return [""] * len(self._header)

    def _table(self) -> tuple[Table, Cells]:
        """The table from its start, its header read."""
        lines = streams.lines(self._found, newline="")
        found = tables.table(lines, is_header=lambda header: names.best(header, "message"))
        first = next((row for row in found.rows if _is_filled(row)), None) if found else None
        if found is None or first is None or isinstance(first, Bad):
            raise UnreadableError(
                f"the first line must name the columns, one of them {', '.join(names.MESSAGE)}"
            )
        self._separator = found.separator
        return found, [cell.strip() for cell in first[1]]

    def _line(self, cells: Cells) -> str:
        written = io.StringIO()
        csv.writer(written, delimiter=self._separator, lineterminator="\n").writerow(cells)
        return written.getvalue()


def _is_filled(row: tuple[int, Cells] | Bad) -> bool:
    return isinstance(row, Bad) or any(cell.strip() for cell in row[1])


def _checked(line: int, value: Any, own: Any) -> Row:
    """By the rules of the API."""
    if value is None:
        return Row(line, None, "message is missing", own)
    if isinstance(value, str) and SURROGATE.search(value):
        return Row(line, None, "message is not valid UTF-8", own)
    try:
        return Row(line, str(MessageField().run_validation(value)), "", own)
    except ValidationError as error:
        return Row(line, None, f"message: {' '.join(map(str, error.detail))}", own)


def _named(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {"tags": [one["tag"] for one in answer["selected"]], **answer}


def _told(row: Row) -> str:
    return f"line {row.line}: {row.error}"


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name = f"beez_{name}"
    return name
