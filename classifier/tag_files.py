"""Files of tags, JSON or a table: read for `tag_loading.load`, and written so that they read back.

A tag has `name`, `description`, `stage`, `label` and `retired`; names of columns count as in files
of messages.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beez.files import encoding, json_objects, names, tables
from beez.files.encoding import UnreadableError
from beez.files.json_objects import Bad, Object
from classifier.models import Tag

FIELDS = ("name", "description", "stage", "label", "retired")
_ALSO = {"tag": "name", "tag_name": "name"}
_JSON, _TABLES = (".json", ".jsonl", ".ndjson"), (".csv", ".tsv", ".tab", ".txt")
NO_HEADER = "the first line must name the columns: name, description, stage, and label if you like"


@dataclass
class TagFile:
    """What a file holds, by row; `unread` are the names of columns or fields that are none of ours,
    `remark` what was assumed of its encoding."""

    rows: list[Object | Bad] = field(default_factory=list)
    unread: dict[str, None] = field(default_factory=dict)
    remark: str | None = None


def read(path: Path) -> TagFile:
    """UnreadableError where the file as a whole cannot be read."""
    suffix = path.suffix.lower()
    if suffix not in (*_JSON, *_TABLES):
        raise UnreadableError(
            f"tags are read from .csv, .tsv, .json and .jsonl, not from {suffix or 'no suffix'}; "
            "from a spreadsheet, save them as CSV"
        )
    text = encoding.read(path)
    found = TagFile(remark=text.remark)
    fields = _json(text.content) if suffix in _JSON else _table(text.content)
    found.rows = [_ours(one, found) if isinstance(one, Object) else one for one in fields]
    if not found.rows:
        raise UnreadableError("it holds no tag")
    return found


def _json(text: str) -> Iterator[Object | Bad]:
    for one in json_objects.objects(text):
        inner = one.fields.get("fields") if isinstance(one, Object) else None
        if isinstance(one, Object) and isinstance(inner, dict):  # as dumpdata writes
            yield Object(one.line, {"name": one.fields.get("pk"), **inner})
        else:
            yield one


def _table(text: str) -> Iterator[Object | Bad]:
    rows = tables.rows(text, is_header=lambda cells: "name" in map(_field, cells))
    header: list[str] = []
    for row in rows:
        if isinstance(row, Bad):
            yield row
            continue
        line, cells = row
        if not header:
            header = [cell.strip() for cell in cells]
            _refuse_repeated(header)
        elif any(cell.strip() for cell in cells):
            yield _cells(line, header, [cell.strip() for cell in cells])
    if not header:
        raise UnreadableError(NO_HEADER)


def _cells(line: int, header: list[str], cells: list[str]) -> Object | Bad:
    if len(cells) < len(header) or any(cells[len(header) :]):
        return Bad(
            line,
            f"{len(cells)} cells where the header has {len(header)} (a cell that holds a "
            "separator must stand in quotes)",
        )
    return Object(line, {name: cell for name, cell in zip(header, cells, strict=False) if name})


def _refuse_repeated(header: list[str]) -> None:
    ours = [of for cell in header if (of := _field(cell))]
    if len(set(ours)) < len(ours):
        raise UnreadableError("a column is named twice")


def _field(name: str) -> str | None:
    folded = names.folded(name)
    return folded if folded in FIELDS else _ALSO.get(folded)


def _ours(row: Object, found: TagFile) -> Object:
    fields: dict[str, Any] = {}
    for name, value in row.fields.items():
        if of := _field(name):
            fields[of] = value
        elif not names.is_remark(name) and name not in ("created_at", "retired_at"):
            found.unread[name] = None
    return Object(row.line, fields)


def written(tags: Iterable[Tag], suffix: str) -> str:
    """The text of a file of these tags that ends in `suffix`; ValueError for an unknown one."""
    rows = [
        {name: getattr(tag, name) for name in FIELDS[:-1]} | {"retired": tag.retired_at is not None}
        for tag in tags
    ]
    if suffix == ".csv":
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(FIELDS)
        table.writerows([*list(row.values())[:-1], "yes" if row["retired"] else ""] for row in rows)
        return text.getvalue()
    if suffix in (".jsonl", ".ndjson"):
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if suffix == ".json":
        return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"
    raise ValueError(f"Tags are written as .csv, .json or .jsonl, not as {suffix or 'no suffix'}.")
