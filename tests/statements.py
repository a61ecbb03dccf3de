"""How many statements something sends to the database."""

from django.db import connection
from django.test.utils import CaptureQueriesContext


def queries(act):
    """How many an act takes once what processes keep (content types, say) is there."""
    act()
    with CaptureQueriesContext(connection) as caught:
        act()
    return len(caught)
