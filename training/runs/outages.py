"""Lets a training outlive a restart of Postgres: what failed for want of it is tried again."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

PATIENCE = 600.0  # seconds
LONGEST_PAUSE = 10.0

T = TypeVar("T")


def outlive(action: Callable[[], T], *, patience: float | None = None) -> T:
    """What `action` returns, once the database lets it; it must be fit to be done twice.

    A dead connection is closed before the next attempt. Raises Django's OperationalError or
    InterfaceError after `patience` seconds (PATIENCE), and at once inside a transaction, which
    cannot be taken up again in its middle.
    """
    end = time.monotonic() + (PATIENCE if patience is None else patience)
    pause = 0.2
    while True:
        try:
            return action()
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or time.monotonic() + pause > end:
                raise
            logger.warning("The database is away, trying again in %.1f s: %s", pause, error)
        connection.close()
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
