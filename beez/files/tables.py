"""Reads a table in text, as spreadsheets save it: cells with a separator between, in quotes or not.

A row whose quotes do not close is a `Bad` at the line where it begins, and the table goes on.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator

from beez.files.json_objects import Bad

Cells = list[str]

SEPARATORS = (",", ";", "\t", "|")
_DECLARATION = re.compile(r'"?sep=(.)"?[\s,;|]*', re.IGNORECASE)

# How long a cell may be is for the rules of a record to say, not for the process.
csv.field_size_limit(2**31 - 1)


def rows(text: str, *, is_header: Callable[[Cells], object]) -> Iterator[tuple[int, Cells] | Bad]:
    """(line where it begins, cells) of each row, the header first; none where none is a header.

    Cells are parted by what parts the first row into a header of the most columns, or by what a
    line such as `sep=;` before it says.
    """
    lines = list(io.StringIO(text, newline=""))  # csv wants them with their ends
    first = next((at for at, line in enumerate(lines) if line.strip(" \t\r\n;,|")), 0)
    declared = _DECLARATION.fullmatch(lines[first]) if lines else None
    start = first + 1 if declared else first
    tried = (declared[1], *SEPARATORS) if declared else SEPARATORS
    headers = {one: _header(lines, start, one) for one in tried}
    fitting = {one: len(header) for one, header in headers.items() if is_header(header)}
    if not fitting:
        return iter(())
    return _rows(lines, start, max(fitting, key=lambda one: fitting[one]))


def _header(lines: list[str], start: int, separator: str) -> Cells:
    first = next((at for at in range(start, len(lines)) if lines[at].strip()), None)
    found = None if first is None else _record(lines, first, separator)
    return [] if found is None or isinstance(found, str) else found[0]


def _rows(lines: list[str], at: int, separator: str) -> Iterator[tuple[int, Cells] | Bad]:
    """(line where it begins, cells) of each row from line `at` on, which counts from 0."""
    width = 0
    while at < len(lines):
        found = _record(lines, at, separator)
        if isinstance(found, str):
            after = _next_row(lines, at + 1, separator, width)
            yield Bad(at + 1, _unclosed(found, at, after))
            at = after
            continue
        cells, used = found
        width = width or len(cells)
        yield at + 1, cells
        at += used


def _record(lines: list[str], at: int, separator: str) -> tuple[Cells, int] | str:
    r"""The cells of the row that begins at line `at` and how many lines it has, or what is wrong.

    Where the quotes do not fit, they are tried again with \" for a quote within a cell.
    """
    wrong = ""
    for as_written in (True, False):
        rest = (lines[i] if as_written else _doubled(lines[i]) for i in range(at, len(lines)))
        reader = csv.reader(rest, delimiter=separator, strict=True)
        try:
            return next(reader), reader.line_num
        except csv.Error as error:
            wrong = wrong or str(error)
    return wrong


def _doubled(line: str) -> str:
    return line.replace('\\"', '""')


def _next_row(lines: list[str], at: int, separator: str, width: int) -> int:
    """The first line from `at` on that is blank or a row of as many cells as the header has."""
    while at < len(lines) and lines[at].strip():
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
