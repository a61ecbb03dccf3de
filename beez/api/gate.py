"""A bound on work that would otherwise take every thread: few are let in, and these take turns."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class FullError(Exception):
    """As many as may are inside already."""


class LateError(Exception):
    """The turn did not come in time."""


Offer = Callable[[], None]


class Gate:
    """At most `most` are inside at once, one of whom has the turn, and offers it to the others."""

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._room = most
        self._taken = False
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, threading.Lock]] = []  # a heap

    @contextmanager
    def inside(self, *, due: float = 0.0, seconds: float = 60.0) -> Iterator[Offer]:
        """Waits for the turn; it goes to the lowest `due`, and of equals to who asked first.

        Calling what is given lets one go first who is due earlier. Raises FullError at once, for
        who waits holds a thread as well, and LateError where it waited until `seconds` after it
        came, here or in an offer.
        """
        with self._lock:
            if self._room < 1:
                raise FullError
            self._room -= 1
        try:
            until = time.monotonic() + seconds
            self._take(due, until)
            mine = [True]
            try:
                yield lambda: self._offer(due, until, mine)
            finally:
                if mine[0]:
                    self._hand_on()
        finally:
            with self._lock:
                self._room += 1

    def _take(self, due: float, until: float) -> None:
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Lock()
            turn.acquire()
            entry = (due, next(self._order), turn)
            heapq.heappush(self._waiting, entry)
        if turn.acquire(timeout=max(0.0, until - time.monotonic())):
            return
        with self._lock:
            if entry in self._waiting:
                self._waiting.remove(entry)
                heapq.heapify(self._waiting)
                raise LateError
        # It came in this very moment.

    def _offer(self, due: float, until: float, mine: list[bool]) -> None:
        with self._lock:
            sooner = self._waiting and self._waiting[0][0] < due
        if sooner:
            self._hand_on()
            mine[0] = False
            self._take(due, until)
            mine[0] = True

    def _hand_on(self) -> None:
        with self._lock:
            if self._waiting:
                heapq.heappop(self._waiting)[-1].release()
            else:
                self._taken = False
