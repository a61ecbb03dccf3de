"""Reads a table in text, as spreadsheets save it: cells with a separator between, in quotes or not.

A row whose quotes do not close is a `Bad` at the line where it begins, and the table goes on. No
more of a table is kept than the row in work.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from beez.files.json_objects import Bad

Cells = list[str]

SEPARATORS = (",", ";", "\t", "|")
_DECLARATION = re.compile(r'"?sep=(.)"?[\s,;|]*', re.IGNORECASE)

# How long a cell may be is for the rules of a record to say, not for the process.
csv.field_size_limit(2**31 - 1)


# Where a quote does not close, its end is looked for in so many characters.
LONGEST_ROW = 8_000_000


@dataclass(frozen=True)
class Table:
    """What parts its cells, and (line where it begins, cells) of each row, the header first."""

    separator: str
    rows: Iterator[tuple[int, Cells] | Bad]


def rows(text: str, *, is_header: Callable[[Cells], object]) -> Iterator[tuple[int, Cells] | Bad]:
    """The rows of the table that a text holds; none where no row is a header."""
    found = table(io.StringIO(text, newline=""), is_header=is_header)  # csv wants lines' ends
    return iter(()) if found is None else found.rows


def table(lines: Iterable[str], *, is_header: Callable[[Cells], object]) -> Table | None:
    """The table in lines with their ends; None where the first row is no header.

    Cells are parted by what parts the first row into a header of the most columns, or by what a
    line such as `sep=;` before it says.
    """
    window = _Window(lines)
    first = window.first(0, lambda line: line.strip(" \t\r\n;,|"))
    declared = None if first is None else _DECLARATION.fullmatch(window.get(first) or "")
    start = (first or 0) + 1 if declared else first or 0
    tried = (declared[1], *SEPARATORS) if declared else SEPARATORS
    headers = {one: _header(window, start, one) for one in tried}
    fitting = {one: len(header) for one, header in headers.items() if is_header(header)}
    if not fitting:
        return None
    separator = max(fitting, key=lambda one: fitting[one])
    return Table(separator, _rows(window, start, separator))


class _Window:
    """Lines by their number, from 0; those before the one that was last forgotten are gone."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._coming = iter(lines)
        self._kept: deque[str] = deque()
        self._gone = 0

    def get(self, at: int) -> str | None:
        """None behind the last line."""
        while len(self._kept) <= at - self._gone:
            line = next(self._coming, None)
            if line is None:
                return None
            self._kept.append(line)
        return self._kept[at - self._gone]

    def since(self, at: int) -> Iterator[str]:
        """As many lines as a row may have."""
        characters = 0
        while characters < LONGEST_ROW and (line := self.get(at)) is not None:
            yield line
            characters, at = characters + len(line), at + 1

    def first(self, at: int, wanted: Callable[[str], object]) -> int | None:
        while (line := self.get(at)) is not None:
            if wanted(line):
                return at
            at += 1
        return None

    def forget(self, before: int) -> None:
        while self._kept and self._gone < before:
            self._kept.popleft()
            self._gone += 1


def _header(lines: _Window, start: int, separator: str) -> Cells:
    first = lines.first(start, str.strip)
    found = None if first is None else _record(lines, first, separator)
    return [] if found is None or isinstance(found, str) else found[0]


def _rows(lines: _Window, at: int, separator: str) -> Iterator[tuple[int, Cells] | Bad]:
    """(line where it begins, cells) of each row from line `at` on, which counts from 0."""
    width = 0
    while lines.get(at) is not None:
        found = _record(lines, at, separator)
        if isinstance(found, str):
            after = _next_row(lines, at + 1, separator, width)
            yield Bad(at + 1, _unclosed(found, at, after))
            at = after
        else:
            cells, used = found
            width = width or len(cells)
            yield at + 1, cells
            at += used
        lines.forget(at)


def _record(lines: _Window, at: int, separator: str) -> tuple[Cells, int] | str:
    r"""The cells of the row that begins at line `at` and how many lines it has, or what is wrong.

    Where the quotes do not fit, they are tried again with \" for a quote within a cell.
    """
    wrong = ""
    for as_written in (True, False):
        rest = lines.since(at)
        reader = csv.reader(
            rest if as_written else map(_doubled, rest), delimiter=separator, strict=True
        )
        try:
            return next(reader), reader.line_num
        except csv.Error as error:
            wrong = wrong or str(error)
    return wrong


def _doubled(line: str) -> str:
    return line.replace('\\"', '""')


def _next_row(lines: _Window, at: int, separator: str, width: int) -> int:
    """The first line from `at` on that is blank or a row of as many cells as the header has."""
    while (line := lines.get(at)) is not None and line.strip():
        found = _record(lines, at, separator)
        if not isinstance(found, str) and len(found[0]) == width:
            break
        at += 1
    return at


def _unclosed(wrong: str, at: int, after: int) -> str:
    also = f"; left out up to line {after}" if after > at + 1 else ""
    return (
        f"a cell of the row that begins here has a quote that is not closed ({wrong}; within a "
        f'cell in quotes, "" is one){also}'
    )
