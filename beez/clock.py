"""Time as beat counts it: it passes evenly, whatever somebody does to the machine's clock.

Beat would otherwise wait for a year where the clock was a year ahead and is put right.
"""

import time
from datetime import UTC, datetime, timedelta

from celery.schedules import schedule

_BEGAN = datetime.now(UTC), time.monotonic()


def steady() -> datetime:
    """The time of day when this process began, and what has passed since."""
    wall, monotonic = _BEGAN
    return wall + timedelta(seconds=time.monotonic() - monotonic)


def every(seconds: float) -> schedule:
    return schedule(timedelta(seconds=seconds), nowfun=steady)
