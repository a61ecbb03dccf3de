"""How an answer writes a moment."""

from datetime import datetime


def instant(moment: datetime | None) -> str | None:
    """ISO 8601 to the microsecond, so that it may be asked for as it was given; None stays None."""
    return None if moment is None else moment.isoformat()
