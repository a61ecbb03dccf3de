"""Statements that Postgres plans once a connection: planning them takes longer than running them.

Only those that are marked. One plan for all values is right where keys find the rows, and may be
wrong for a search.
"""

import sys
from contextlib import nullcontext
from typing import Any, Self

from django.conf import settings
from django.db.backends.postgresql import base

from beez.database.patient import Connection


class Prepared(str):
    """The text of such a statement."""

    __slots__ = ()


class Ahead(Prepared):
    """One whose answer is waited for when it is fetched: until then, Postgres and whoever asked
    work side by side."""

    __slots__ = ()


class Cursor(base.ServerBindingCursor):
    connection: Connection  # as psycopg sets it

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        if isinstance(query, Prepared):
            options["prepare"] = True
        with self.connection.ahead() if isinstance(query, Ahead) else nullcontext():
            super().execute(query, params, **options)  # type: ignore[misc]
        return self

    def fetchall(self) -> list[Any]:
        self.connection.read()
        rows: list[Any] = super().fetchall()  # type: ignore[misc]
        return rows


def options() -> dict[str, Any]:
    """Of a new connection. Behind a pooler nothing is prepared: its connections are others' too."""
    if settings.DATABASE_POOLER:
        return {"cursor_factory": Cursor}
    return {"cursor_factory": Cursor, "prepare_threshold": sys.maxsize}  # None forbids it all
