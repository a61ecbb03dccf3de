"""Ctrl-C, SIGTERM and SIGHUP end a training in order, so that its row and its folders are closed.

Set by hand, since a process that is number 1 in its container has no default for SIGTERM, and
everywhere else the default leaves a row that says "running".
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """A signal came; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"Interrupted by {signal.Signals(number).name}.")


@contextmanager
def by_signals() -> Iterator[None]:
    """Within the block the first signal raises Interrupted, and further ones change nothing: the
    run is being closed then. Only in the main thread."""
    came = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal came
        if not came:
            came = True
            raise Interrupted(number)

    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
