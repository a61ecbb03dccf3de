"""A part that is away is not asked for a while, and its outage is two lines in the log."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

PAUSE_SECONDS = 5.0  # in which a part that has failed is not asked


class Breaker:
    """Asks a part while it answers; after a failure one caller tries again every few seconds.

    Callers may be many threads at once. What was asked before an outage began cannot end it, nor
    can what was asked before it ended begin the next: an outage is one, however many notice it.
    """

    def __init__(self, *, failures: type[Exception], began: str, ended: str) -> None:
        """`began` and `ended` are the lines of the log."""
        self._failures = failures
        self._lines = {True: began, False: ended}
        self._lock = threading.Lock()
        self._away = False
        self._changed_at = self._ask_at = 0.0

    def call(self, ask: Callable[[], Answer]) -> Answer | None:
        """What `ask` gives, or None while the part is away."""
        asked_at = time.monotonic()
        if self._away and not self._is_my_turn(asked_at):
            return None
        try:
            answer = ask()
        except self._failures as error:
            self._found(away=True, asked_at=asked_at, why=str(error))
            return None
        if self._away:
            self._found(away=False, asked_at=asked_at)
        return answer

    def _is_my_turn(self, now: float) -> bool:
        with self._lock:
            mine = not self._away or now >= self._ask_at
            if mine:
                self._ask_at = now + PAUSE_SECONDS  # nobody else asks meanwhile
        return mine

    def _found(self, *, away: bool, asked_at: float, why: str = "") -> None:
        with self._lock:
            self._ask_at = time.monotonic() + PAUSE_SECONDS
            changed = away != self._away and asked_at >= self._changed_at
            if changed:
                self._away, self._changed_at = away, time.monotonic()
        if changed:
            line = self._lines[away]
            logger.warning(f"{line} (%s)" if why else line, *filter(None, [why]))
