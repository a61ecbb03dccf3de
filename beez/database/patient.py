"""A psycopg connection whose statements are given up after so many seconds, and that need not be
waited for at once."""

import select
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors

from beez.database import outage


class Connection(psycopg.Connection[Any]):
    """`deadline` is in seconds for each exchange with the server; None: none.

    psycopg counts the time where it waits for the socket, in C, so it costs no statement anything.
    Whether a statement that was given up has taken effect is not known, and so the connection is
    closed: Postgres rolls back what was not committed.
    """

    deadline: float | None = None
    answered = float("-inf")  # when the server last did, by the monotonic clock
    _ahead = False
    _unread: Generator[Any, Any, Any] | None = None  # what is left of a statement that was sent

    @contextmanager
    def ahead(self) -> Iterator[None]:
        """A statement that is executed in the block is sent, and nobody waits for its answer until
        it is `read`, or anything else is asked of the server. Errors, too, come only then."""
        self._ahead = True
        try:
            yield
        finally:
            self._ahead = False

    def read(self) -> None:
        """Wait for the answer to what was sent ahead, if there is such a thing."""
        unread, self._unread = self._unread, None
        if unread is not None:
            self._wait(unread)

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        self.read()
        if self._ahead:
            self._unread = _begun(gen)
            return None
        return self._wait(gen, interval, timeout)

    def _wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if timeout is not None or self.deadline is None:
            return super().wait(gen, interval, timeout)
        try:
            found = super().wait(gen, interval, self.deadline)
        except errors._WaitTimeout:
            self.pgconn.finish()  # not close(), which a subclass of psycopg may make wait
            outage.suspect()
            raise psycopg.OperationalError(
                f"no answer within {self.deadline:g} seconds; the connection was closed"
            ) from None
        self.answered = time.monotonic()
        return found

    def fresh(self, seconds: float) -> bool:
        """The server has answered within the last `seconds`, and has neither hung up nor said
        anything since then."""
        if time.monotonic() - self.answered > seconds or self.closed:
            return False
        waiting = select.poll()
        waiting.register(self.pgconn.socket, select.POLLIN)
        return not waiting.poll(0)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Another deadline for a while, where there is none or a later one."""
        before = self.deadline
        self.deadline = seconds if before is None else min(seconds, before)
        try:
            yield
        finally:
            self.deadline = before


def _begun(gen: Any) -> Generator[Any, Any, Any]:
    """What is left of one of psycopg's generators after its first step: libpq sends in that one,
    and from then on there is something to wait for."""
    wanted = next(gen)

    def rest() -> Generator[Any, Any, Any]:
        ready = yield wanted
        while True:
            try:
                ready = yield gen.send(ready)
            except StopIteration as end:
                return end.value

    return rest()
