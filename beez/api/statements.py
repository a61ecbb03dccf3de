"""How long a statement may take, so that one reader does not keep the database from the others."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from beez.database.limits import GRACE

_LIMIT = """
    SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)
"""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Each statement of the block is broken off by Postgres after `seconds`: OperationalError,
    whose cause is psycopg's QueryCanceled. None of them may be left lazy.

    A Postgres that is frozen is given up a little later, by the connection.
    """
    within = connection.in_atomic_block  # else the limit ends with the transaction
    with transaction.atomic(), connection.cursor() as cursor, _given_up(seconds + GRACE):
        cursor.execute(_LIMIT, [f"{round(seconds * 1000)}ms"])
        before, _ = cursor.fetchone()
        yield
        if within:
            cursor.execute(_LIMIT, [before])


@contextmanager
def _given_up(seconds: float) -> Iterator[None]:
    with connection.connection.within(seconds):
        yield
