"""When a failed delivery is tried again, when it is given up, and when an endpoint rests."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FIRST, FACTOR, LONGEST = 5.0, 4.0, 3_600.0  # seconds between attempts: 5, 20, 80, … one hour
JITTER = 0.2
FOR = timedelta(days=1)
LONGEST_ASKED = 6 * 3_600.0  # of a Retry-After
DOWN = 2  # deliveries in a row that fail at once: it is the endpoint, not what is told
DEAD_SLOW = 5  # and after so many it is tried one by one, with rests
LONGEST_REST = 300.0


def pause(attempt: int, asked: float | None = None) -> timedelta:
    """From the failed attempt of that number (1, 2, …) to the next; never sooner than `asked`."""
    planned = min(FIRST * FACTOR ** min(attempt - 1, 20), LONGEST)
    planned *= random.uniform(1 - JITTER, 1 + JITTER)
    return timedelta(seconds=max(planned, min(asked or 0.0, LONGEST_ASKED)))


def rest(failures: int) -> timedelta | None:
    """How long an endpoint is left alone after so many failures in a row; None: not at all."""
    if failures < DEAD_SLOW:
        return None
    planned = min(FIRST * 2.0 ** min(failures - DEAD_SLOW, 20), LONGEST_REST)
    return timedelta(seconds=planned * random.uniform(1 - JITTER, 1 + JITTER))


def asked(header: str | None, *, now: datetime) -> float | None:
    """Seconds of a Retry-After, which is a number or a date; None where it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
