"""How long a list may take: a search that needs longer is broken off with a sentence.

Otherwise a few impatient readers of a large table would keep the database from the callers.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from beez.api.errors import Unavailable

SECONDS = 5.0  # for each statement


class TooSlow(Unavailable):
    """503: the database was not done in time."""

    default_code = "too_slow"
    default_detail = (
        f"This took longer than {SECONDS:g} seconds and was broken off. "
        "Narrow it: another filter, a shorter time, or rarer words."
    )


@contextmanager
def bounded() -> Iterator[None]:
    """Statements in it raise TooSlow when they take too long; none of them may be left lazy."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {round(SECONDS * 1000)}")
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow from error
        raise
