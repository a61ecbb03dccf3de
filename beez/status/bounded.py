"""Counting with an end: no page waits longer than so many seconds, none counts twice a minute."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import Error

from beez.api.logs import kind
from beez.api.statements import limited

logger = logging.getLogger(__name__)

Found = TypeVar("Found")

SECONDS = 2.0  # for one statement

_lock = threading.RLock()  # what is found may rest on something else that was
_found: dict[str, tuple[float, Any]] = {}


def attempt(find: Callable[[], Found]) -> Found | None:
    """What `find` finds; None where the database is away, lacks tables or takes too long.

    The log says which.
    """
    try:
        with limited(SECONDS):
            return find()
    except Error as error:
        logger.warning("A part of the status cannot be told: %s", kind(error.__cause__ or error))
        return None


def remembered(name: str, find: Callable[[], Found], *, seconds: float) -> Found:
    """What `find` found in this process, if that is no older than `seconds`; callers wait for it.

    In the process and not in a shared cache, so that it works while Redis is away.
    """
    with _lock:
        at, found = _found.get(name, (-float("inf"), None))
        if time.monotonic() - at >= seconds:
            found = find()
            _found[name] = (time.monotonic(), found)
        return found  # type: ignore[no-any-return]  # a name stands for one type


def forget() -> None:
    with _lock:
        _found.clear()
