"""A bound on work that would otherwise take every thread: few are let in, and these take turns."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FullError(Exception):
    """As many as may are inside already."""


class Gate:
    """At most `most` are inside at once, one of whom has the turn; turns go by order of asking.

    Who is inside does its work in slices, a turn for each, so that a small piece of work waits for
    a slice of every other and never for all of a large one.
    """

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._room = most
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Raises FullError at once rather than waiting: who waits holds a thread as well."""
        with self._lock:
            if self._room < 1:
                raise FullError
            self._room -= 1
        try:
            yield
        finally:
            with self._lock:
                self._room += 1

    @contextmanager
    def turn(self) -> Iterator[None]:
        mine = threading.Lock()
        mine.acquire()
        with self._lock:
            if self._taken:
                self._waiting.append(mine)
            else:
                self._taken = True
                mine.release()
        mine.acquire()
        try:
            yield
        finally:
            with self._lock:
                if self._waiting:
                    self._waiting.popleft().release()  # the turn is handed on, not let go
                else:
                    self._taken = False
