"""What the terminal says of the full training while a quick first version answers."""

import time
from collections.abc import Iterator

from django.db import Error, connection

from classifier import registry
from training.runs import full
from training.runs.full import Full

POLL_SECONDS = 2.0
GREETING = (
    "A quick first version answers; the full training {stage}, and takes four to six minutes on "
    "two cores."
)


class News:
    """Call it as often as you like: it gives a line for each thing that has changed, and asks the
    ledger every two seconds, and no more once a full version is live."""

    def __init__(self) -> None:
        self._told: object = None
        self._over = False
        self._due_at = 0.0

    def __call__(self) -> Iterator[str]:
        if self._over or time.monotonic() < self._due_at:
            return
        self._due_at = time.monotonic() + POLL_SECONDS
        try:
            awaited = full.awaited()
            live = None if awaited else registry.live_version()
        except Error:  # an outage, of which others tell
            return
        finally:
            connection.close()  # nothing holds up a Postgres that is to stop
        if awaited is None:
            self._over = True
            if self._told is not None:
                yield f"The full training has ended: {live} is live and answers from now on."
            return
        if (now := (awaited.stage, awaited.run and awaited.run.pk)) != self._told:
            yield from _lines(awaited, first=self._told is None)
            self._told = now


def _lines(awaited: Full, *, first: bool) -> Iterator[str]:
    if awaited.is_coming:
        if first:
            stage = "runs beside it" if awaited.stage == "running" else "begins beside it"
            yield GREETING.format(stage=stage)
        return
    yield f"{awaited.sentence} The quick first version {awaited.quick} goes on answering."
    yield awaited.advice
