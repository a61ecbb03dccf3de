"""The audit log as a file: CSV for spreadsheets, or a JSON object a line. The newest row first."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet

from beez.audit.models import AuditEntry

CHUNK = 1_000
FIELDS = ("id", "at", "kind", "actor", "actor_id", "action", "subject", "detail", "address")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would calculate


def as_csv(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    yield _line(FIELDS)
    for row in _rows(entries):
        row["detail"] = json.dumps(row["detail"], ensure_ascii=False, sort_keys=True)
        yield _line([_inert(row[name]) for name in FIELDS])


def as_json_lines(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    for row in _rows(entries):
        yield json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n"


FORMATS: dict[str, tuple[str, Callable[[QuerySet[AuditEntry]], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "jsonl": ("application/x-ndjson", as_json_lines),
}


def _rows(entries: QuerySet[AuditEntry]) -> Iterator[dict[str, Any]]:
    """In chunks by key, so that neither memory nor a cursor of the database grows with the log."""
    ordered = entries.order_by("-pk").values(*FIELDS)
    chunk = list(ordered[:CHUNK])
    while chunk:
        for row in chunk:
            yield {**row, "at": row["at"].isoformat()}
        chunk = list(ordered.filter(pk__lt=chunk[-1]["id"])[:CHUNK])


def _line(cells: Any) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def _inert(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
