"""Reads labelled messages from a file of any known kind: `read` is the one door.

Every record becomes a `Record` or a `Problem` with its line and reason, and what the readers did
by their own lights with the file becomes a `Remark`; nothing is skipped in silence.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from beez.files import encoding, json_objects, tables
from beez.files.encoding import UnreadableError
from beez.files.json_objects import Bad, Object
from training.datasets import columns, exports, records, workbooks
from training.datasets.notes import Notes
from training.datasets.records import Example, InvalidError, Problem, Record, Remark, Rules

__all__ = ["Example", "Problem", "Record", "Remark", "read"]

JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm")
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # how workbooks begin, whatever their name
# From this share on, empty cells of tags look like work that is not done yet.
MANY_EMPTY = 1 / 3


def read(
    path: Path,
    *,
    source: str,
    known_tags: Sequence[str],
    max_length: int,
    skip_unlabelled: bool = False,
) -> Iterator[Record | Problem | Remark]:
    """Yield what each record of `path` holds, in order, then remarks.

    `max_length` is in characters. A record whose tags are an empty cell has no tag, or is left out
    with `skip_unlabelled`. A file that cannot be read to its end yields a `Problem` with line 0.
    """
    notes = Notes()
    rules = Rules(frozenset(known_tags), max_length)
    rows = empty = 0
    try:
        for row in _rows(path, rules, notes):
            rows += 1
            if isinstance(row, Bad):
                yield Problem(source=source, line=row.line, reason=row.reason)
                continue
            if is_empty := row.fields.get("tags") == "":
                empty += 1
            if not (is_empty and skip_unlabelled):
                yield _record(row, source, rules)
    except UnreadableError as error:
        yield Problem(source=source, line=0, reason=str(error))
    yield from (Remark(source=source, sentence=sentence) for sentence in notes.sentences())
    if empty:
        yield _on_empty(source, empty, rows, skipped=skip_unlabelled)


def _record(row: Object, source: str, rules: Rules) -> Record | Problem:
    try:
        return records.record(row.fields, source=source, line=row.line, rules=rules)
    except InvalidError as error:
        return Problem(source=source, line=row.line, reason=str(error))


def _rows(path: Path, rules: Rules, notes: Notes) -> Iterator[Object | Bad]:
    """The fields of each record, under our names."""
    suffix = path.suffix.lower()
    content = encoding.contents(path)
    if content.startswith(ZIP) or suffix in WORKBOOK_SUFFIXES:
        return workbooks.objects(content, known_tags=rules.known_tags, notes=notes)
    if suffix not in (*JSON_SUFFIXES, *TABLE_SUFFIXES) or content.startswith(OLD_EXCEL):
        raise UnreadableError(
            f"unknown kind of file {suffix!r} (known: .csv, .tsv, .xlsx, .jsonl, .ndjson, .json)"
        )
    text = encoding.decode(content)
    if text.remark:
        notes.say(text.remark)
    if suffix in TABLE_SUFFIXES:
        rows = tables.rows(
            text.content, is_header=lambda header: columns.recognise(header, rules.known_tags)
        )
        return columns.objects(rows, known_tags=rules.known_tags, notes=notes)
    return _json_records(text.content, notes)


def _json_records(text: str, notes: Notes) -> Iterator[Object | Bad]:
    for found in json_objects.objects(text):
        if isinstance(found, Bad):
            yield found
            continue
        fields: list[dict[str, Any]] = exports.records(found.fields, notes)
        yield from (Object(found.line, each) for each in fields)


def _on_empty(source: str, empty: int, rows: int, *, skipped: bool) -> Remark:
    if skipped:
        told = f"{empty} of {rows} rows have an empty tags cell and are left out"
        return Remark(source=source, sentence=told)
    return Remark(
        source=source,
        sentence=(
            f"{empty} of {rows} rows have an empty tags cell and are read as messages without a "
            "tag; if nobody has labelled them yet, write none where no tag holds and leave the "
            "others out with --unlabelled=skip"
        ),
        loud=empty >= MANY_EMPTY * rows,
    )
