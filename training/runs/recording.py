"""Training runs: one at a time, each state and error on its row.

The guard is a partial unique constraint in Postgres (one row may be `running`) with a lease that
the running process renews. A run whose process is gone, or whose lease has run out, is marked
failed by the next one that wants to start.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psutil
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from training.models import TrainingRun

LEASE = timedelta(minutes=15)
RENEW_EVERY = 5.0  # seconds
State = TrainingRun.State


class AlreadyRunning(Exception):
    """Another training is under way."""


class LeaseLost(Exception):
    """This run was taken for lost and another may have started: stop without a result."""


class Skipped(Exception):
    """Nothing to do; the message is the reason."""


@dataclass
class Handle:
    """The running run: `report` renews the lease and shows the progress on the row."""

    run: TrainingRun
    _renewed: float = field(default_factory=time.monotonic)

    def report(self, progress: dict[str, Any], *, now: bool = False) -> None:
        """Store the progress, at most every RENEW_EVERY seconds; LeaseLost when the run is over."""
        if not now and time.monotonic() - self._renewed < RENEW_EVERY:
            return
        self._renewed = time.monotonic()
        self.update(progress=progress, lease_until=timezone.now() + LEASE)

    def update(self, **values: Any) -> None:
        mine = TrainingRun.objects.filter(pk=self.run.pk, state=State.RUNNING)
        if not mine.update(**values):
            raise LeaseLost(f"Training run {self.run.pk} was ended from elsewhere.")
        for name, value in values.items():
            setattr(self.run, name, value)


@contextmanager
def recorded(trigger: str, config: dict[str, Any]) -> Iterator[Handle]:
    """A running row for the length of the block; its end becomes the row's state and reason."""
    handle = Handle(_begin(trigger, config))
    try:
        yield handle
    except Skipped as skipped:
        _end(handle, State.SKIPPED, str(skipped))
        handle.run = _folded(handle.run)
    except BaseException as error:
        with suppress(LeaseLost, DatabaseError):  # the error itself is what must be seen
            _end(handle, State.FAILED, _sentence(error))
        raise
    else:
        _end(handle, State.SUCCEEDED, handle.run.reason)


def begun_since(moment: datetime) -> TrainingRun | None:
    """A run that began after `moment` and ended well, or goes on."""
    found = TrainingRun.objects.filter(started_at__gte=moment)
    return found.filter(state__in=[State.RUNNING, State.SUCCEEDED]).first()


def skip(trigger: str, config: dict[str, Any], reason: str, *, asked_by: str = "") -> TrainingRun:
    """The row of a run that did not even begin."""
    now = timezone.now()
    return TrainingRun.objects.create(
        state=State.SKIPPED,
        trigger=trigger,
        config=config,
        asked_by=asked_by,
        reason=reason,
        worker=worker_name(),
        lease_until=now,
        finished_at=now,
    )


def end_lost(worker: str, reason: str) -> int:
    """Mark the run of a process that is known to be gone as failed; returns how many."""
    return TrainingRun.objects.filter(state=State.RUNNING, worker=worker).update(
        state=State.FAILED, reason=reason, finished_at=timezone.now()
    )


def worker_name(pid: int | None = None) -> str:
    """`host:pid` of a process on this machine."""
    return f"{socket.gethostname()}:{pid or os.getpid()}"


def _begin(trigger: str, config: dict[str, Any]) -> TrainingRun:
    for running in TrainingRun.objects.filter(state=State.RUNNING):
        if running.lease_until < timezone.now() or _is_gone(running.worker):
            end_lost(running.worker, "The process ended without a word (killed, or power lost).")
    try:
        with transaction.atomic():
            return TrainingRun.objects.create(
                trigger=trigger,
                config=config,
                worker=worker_name(),
                lease_until=timezone.now() + LEASE,
            )
    except IntegrityError:
        other = TrainingRun.objects.filter(state=State.RUNNING).first()
        since = f" since {other.started_at:%H:%M:%S %Z} ({other.worker})" if other else ""
        raise AlreadyRunning(f"Another training is under way{since}.") from None


def _end(handle: Handle, state: State, reason: str) -> None:
    handle.update(state=state, reason=reason, finished_at=timezone.now())


def _folded(run: TrainingRun) -> TrainingRun:
    """The row of a skipped run; where the row before it says the same, that one, counted up.

    So a quiet month of nights is one line that says when it was last found, not thirty.
    """
    before = TrainingRun.objects.filter(pk__lt=run.pk).first()
    same = State.SKIPPED, run.trigger, run.reason
    if before is None or (before.state, before.trigger, before.reason) != same:
        return run
    before.times += 1
    before.finished_at = run.finished_at
    with transaction.atomic():
        before.save(update_fields=["times", "finished_at"])
        run.delete()
    return before


def _is_gone(worker: str) -> bool:
    """Whether the process ran on this machine and is no more; unknown counts as alive."""
    host, _, pid = worker.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    return not psutil.pid_exists(int(pid))


def _sentence(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted."
    return str(error).strip() or type(error).__name__
