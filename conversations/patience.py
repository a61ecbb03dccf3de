"""How long a list may take: a search that needs longer is broken off with a sentence.

Otherwise a few impatient readers of a large table would keep the database from the callers.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError
from psycopg.errors import QueryCanceled

from beez.api.errors import Unavailable
from beez.api.statements import limited

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
        with limited(SECONDS):
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow from error
        raise
