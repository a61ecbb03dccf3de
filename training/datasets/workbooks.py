"""Reads the table in an Excel workbook (.xlsx): the first sheet that names the columns."""

import io
import zipfile
from collections.abc import Iterator, Set
from datetime import date, datetime, time
from typing import Any

from beez.files.encoding import UnreadableError
from beez.files.json_objects import Bad, Object
from beez.files.tables import Cells
from training.datasets import columns
from training.datasets.notes import Notes, quoted

Row = tuple[int, list[Any]]  # number from 1, cells of openpyxl


def objects(content: bytes, *, known_tags: Set[str], notes: Notes) -> Iterator[Object | Bad]:
    """The fields of each row; UnreadableError for what is no workbook or has no such sheet."""
    chosen: list[Row] | None = None
    for title, rows in _sheets(content):
        header = next(([_text(cell) for cell in cells] for _, cells in rows), [])
        if chosen is None and columns.recognise(header, known_tags):
            chosen = rows
        elif rows:
            notes.say(f"the sheet {quoted(title)} is not read")
    if chosen is None:
        raise UnreadableError(f"in no sheet of the workbook: {columns.NO_HEADER}")
    message = _message_column(chosen, known_tags)
    width = max(len(cells) for _, cells in chosen)  # the last cells of a row may not be stored
    checked = (_checked(number, cells, message, width) for number, cells in chosen)
    return columns.objects(checked, known_tags=known_tags, notes=notes)


def _sheets(content: bytes) -> Iterator[tuple[str, list[Row]]]:
    """Title and rows that are not blank of each sheet."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # which some programs write wrongly
            rows = enumerate(sheet.iter_rows(), start=1)
            yield sheet.title, [(n, list(cells)) for n, cells in rows if any(map(_text, cells))]
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, SyntaxError) as error:
        raise UnreadableError(
            "cannot be read as an Excel workbook; save it as .xlsx, or as CSV in UTF-8"
        ) from error


def _message_column(rows: list[Row], known_tags: Set[str]) -> int:
    header = columns.recognise([_text(cell) for cell in rows[0][1]], known_tags)
    return header.message if header else 0


def _checked(number: int, cells: list[Any], message: int, width: int) -> tuple[int, Cells] | Bad:
    """The cells as text, `width` of them; Bad where the message is none."""
    cell = cells[message] if message < len(cells) else None
    value = getattr(cell, "value", None)
    if isinstance(value, date | datetime | time):
        return Bad(number, "message is a date to the spreadsheet, not text; format it as text")
    if getattr(cell, "data_type", None) == "e":
        return Bad(number, "message is an error of the spreadsheet, not text; format it as text")
    return number, [*map(_text, cells), *[""] * (width - len(cells))]


def _text(cell: Any) -> str:
    from openpyxl.utils.escape import unescape

    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(unescape(value)).strip() if isinstance(value, str) else str(value)
