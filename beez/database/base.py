"""The backend: Postgres as Django knows it, on connections that give up.

A statement that takes long is ended by Postgres itself. A Postgres that is frozen, or behind a
network that swallows everything, ends nothing, so the connection counts on this side as well.
"""

from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel

from beez.database import limits, outage, prepared
from beez.database.patient import Connection

HEALTH_SECONDS = 2.0  # for a persistent connection to say that it is still one
FRESH_SECONDS = 1.0  # for so long after an answer it need not say so


class DatabaseWrapper(base.DatabaseWrapper):
    connection: Connection | None

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        given = params.get("options", "")
        params["options"] = f"{limits.options()} {given}".strip()
        return params | prepared.options()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        self.isolation_level = IsolationLevel.READ_COMMITTED
        with outage.asking():
            made = Connection.connect(**conn_params)
        made.deadline = limits.deadline()
        return made

    def is_usable(self) -> bool:
        if self.connection is None or outage.suspected():
            return False
        if not self.errors_occurred and self.connection.fresh(FRESH_SECONDS):
            return True  # no request waits for a `SELECT 1` of its own
        with self.connection.within(HEALTH_SECONDS):
            return bool(super().is_usable())
