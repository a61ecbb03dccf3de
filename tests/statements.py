"""How many statements something sends to the database."""

from django.db import connection
from django.test.utils import CaptureQueriesContext


def queries(act):
    """How many an act takes once what processes keep for a while (content types, labels) is there:
    the fewest of three, for what is kept may run out in between."""
    act()
    return min(_counted(act) for _ in range(3))


def _counted(act):
    with CaptureQueriesContext(connection) as caught:
        act()
    return len(caught)
