"""A psycopg connection whose statements are given up after so many seconds."""

import select
import time
from collections.abc import Iterator
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

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
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
