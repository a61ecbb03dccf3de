"""Ctrl-C, SIGTERM and SIGHUP set a flag, which long steps look at: nothing is cut in half.

An exception out of a signal handler could strike between starting a process and remembering it,
and leave that process behind.
"""

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

POLL_SECONDS = 0.1

_requested = threading.Event()


class StopRequested(BaseException):
    """Somebody wants Beez to stop."""


def listen() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _request)


def check() -> None:
    """Raises StopRequested when a stop has been requested."""
    if _requested.is_set():
        raise StopRequested


def wait_until(condition: Callable[[], bool], *, seconds: float = float("inf")) -> bool:
    """Did `condition` come true in time? Raises StopRequested as soon as a stop is requested."""
    deadline = time.monotonic() + seconds
    while not condition():
        check()
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _request(number: int, frame: FrameType | None) -> None:
    _requested.set()
