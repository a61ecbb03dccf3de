"""One thread at a time asks a database that has fallen silent; the others are refused at once.

Otherwise every thread of a web process would wait in turn, with each request, for as long as the
outage lasts, and for the requests that have queued up behind it when it is over.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


class _State:
    def __init__(self) -> None:
        self.suspected = False
        self.asking = threading.Lock()


_state = _State()


def suspected() -> bool:
    return _state.suspected


def suspect() -> None:
    """A statement was given up, so the next connection is an attempt."""
    _state.suspected = True


@contextmanager
def asking() -> Iterator[None]:
    """Around connecting; psycopg.OperationalError at once where another thread is at it already
    and the database is known to be silent."""
    state = _state
    if not state.suspected:
        with _noticing(state):
            yield
        return
    if not state.asking.acquire(blocking=False):
        raise psycopg.OperationalError("the database does not answer; another thread is asking it")
    try:
        with _noticing(state):
            yield
    finally:
        state.asking.release()


@contextmanager
def _noticing(state: _State) -> Iterator[None]:
    """One that refuses is not silent: whoever asks again is answered soon."""
    try:
        yield
    except psycopg.errors.ConnectionTimeout:
        state.suspected = True
        raise
    except psycopg.Error:
        state.suspected = False
        raise
    state.suspected = False


def forget() -> None:
    """For a forked child, whose parent's threads it does not have."""
    global _state
    _state = _State()


os.register_at_fork(after_in_child=forget)
