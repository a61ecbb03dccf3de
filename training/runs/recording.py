"""Training runs: one at a time, each state and error on its row.

The guard is a partial unique constraint in Postgres (one row may be `running`) with a lease that
the running process renews. A run whose process is gone, or whose lease has run out, is marked
failed by the next one that wants to start.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from training.models import TrainingRun
from training.runs import telling
from training.runs.account import Account
from training.runs.heartbeat import LEASE, Heartbeat
from training.runs.outages import outlive
from training.runs.worker import Worker, is_gone

LOST = "The process ended without a word (killed, or power lost)."
LAST_WORDS = 5.0  # seconds in which an interrupted run tries to close its row
State = TrainingRun.State
T = TypeVar("T")


class AlreadyRunning(Exception):
    """Another training is under way."""


class LeaseLost(Exception):
    """This run was taken for lost and another may have started: stop without a result."""


class Skipped(Exception):
    """Nothing to do; the message is the reason."""


class Cancelled(Exception):
    """Somebody asked for the run to stop; the message says who."""


class Handle:
    """The running run. Every method raises LeaseLost or Cancelled when it is not to go on."""

    def __init__(self, run: TrainingRun) -> None:
        self.run = run
        self.heart = Heartbeat(run.pk)
        self._account = Account()

    def check(self) -> None:
        """Costs nothing: asks what the last heartbeat saw."""
        if self.heart.seen is not None:
            _must_go_on(self.heart.seen)

    def report(self, progress: dict[str, Any], *, now: bool = False) -> None:
        """Show the progress on the row, with the next heartbeat or `now`."""
        self.check()
        self._account.add(progress)
        self.heart.progress = dict(self._account.facts)
        if now:
            self.update(progress=self.heart.progress, lease_until=timezone.now() + LEASE)

    def update(self, **values: Any) -> None:
        """Outlives a restart of the database."""
        mine = TrainingRun.objects.filter(pk=self.run.pk, state=State.RUNNING)
        if not outlive(lambda: mine.update(**values)):
            raise LeaseLost(f"Training run {self.run.pk} was ended from elsewhere.")
        for name, value in values.items():
            setattr(self.run, name, value)

    def commit(self, action: Callable[[], T]) -> T:
        """What `action` returns: done in a transaction that holds the run's row, so that it is
        done for a run that goes on, or not at all. It must be fit to be done twice."""

        def held() -> T:
            with transaction.atomic():
                _must_go_on(TrainingRun.objects.select_for_update().get(pk=self.run.pk))
                return action()

        return outlive(held)


@contextmanager
def recorded(trigger: str, config: dict[str, Any], *, asked: int | None = None) -> Iterator[Handle]:
    """A running row for the length of the block; its end becomes the row's state and reason.

    It is the row `asked`, where that is given: what staff asked for begins.
    """
    worker, attempts = Worker.of(), itertools.count()
    handle = Handle(
        outlive(lambda: _begin(worker, trigger, config, asked, again=next(attempts) > 0))
    )
    try:
        with handle.heart:
            yield handle
    except Skipped as skipped:
        _end(handle, State.SKIPPED, str(skipped))
        handle.run = _folded(handle.run)
    except Cancelled as cancelled:
        _end(handle, State.CANCELLED, str(cancelled))
    except BaseException as error:
        _end_by(handle, error)
        raise
    else:
        _end(handle, State.SUCCEEDED, handle.run.reason)


def begun_since(moment: datetime) -> TrainingRun | None:
    """A run that began after `moment` and ended well, or goes on."""
    found = TrainingRun.objects.filter(started_at__gte=moment)
    return found.filter(state__in=[State.RUNNING, State.SUCCEEDED]).first()


def ask(*, asked_by: str) -> TrainingRun:
    """The row of a training that is to begin; IntegrityError where one is asked for already."""
    return TrainingRun.objects.create(
        state=State.ASKED,
        trigger=TrainingRun.Trigger.STAFF,
        asked_by=asked_by,
        lease_until=timezone.now(),
    )


def drop(pk: int, state: State, reason: str) -> bool:
    """End what was asked for before it has begun; False where it has, or is over."""
    asked = TrainingRun.objects.filter(pk=pk, state=State.ASKED)
    return bool(asked.update(state=state, reason=reason, finished_at=timezone.now()))


def skip(trigger: str, config: dict[str, Any], reason: str, *, asked_by: str = "") -> TrainingRun:
    """The row of a run that did not even begin."""
    return _ended(
        State.SKIPPED,
        Worker.of(),
        trigger=trigger,
        config=config,
        reason=reason,
        asked_by=asked_by,
    )


def fail(worker: Worker, *, trigger: str, reason: str) -> TrainingRun:
    """The row of a run whose process ended before it could make one."""
    return _ended(State.FAILED, worker, trigger=trigger, reason=reason)


def end_lost(worker: Worker, reason: str) -> int:
    """End the run of a process that is known to be gone; returns how many there were."""
    running = TrainingRun.objects.filter(state=State.RUNNING, identity=worker.as_dict())
    return sum(_end_for(run, reason) for run in running)


def end_all_lost() -> None:
    """End the runs whose process can be seen to be gone, or whose lease has run out."""
    for run in TrainingRun.objects.filter(state=State.RUNNING):
        if run.lease_until < timezone.now() or is_gone(run.identity):
            _end_for(run, LOST)


def _begin(
    worker: Worker, trigger: str, config: dict[str, Any], asked: int | None, *, again: bool
) -> TrainingRun:
    end_all_lost()
    values = {
        "state": State.RUNNING,
        "trigger": trigger,
        "config": config,
        "worker": worker.name,
        "identity": worker.as_dict(),
        "lease_until": timezone.now() + LEASE,
    }
    try:
        with transaction.atomic():
            if asked is None:
                return TrainingRun.objects.create(**values)
            return _taken_up(asked, values, again=again)
    except IntegrityError:
        other = TrainingRun.objects.filter(state=State.RUNNING).first()
        if again and other and other.identity == worker.as_dict():
            return other  # the outage swallowed the answer only
        since = f" since {other.started_at:%H:%M:%S %Z} ({other.worker})" if other else ""
        raise AlreadyRunning(f"Another training is under way{since}.") from None


def _taken_up(asked: int, values: dict[str, Any], *, again: bool) -> TrainingRun:
    row = TrainingRun.objects.filter(pk=asked)
    if not row.filter(state=State.ASKED).update(**values, started_at=timezone.now()):
        found = row.filter(state=State.RUNNING, identity=values["identity"]).first()
        if found is None or not again:
            raise AlreadyRunning(f"Run {asked} was taken up already, or cancelled.")
        return found
    return row.get()


def _must_go_on(row: TrainingRun) -> None:
    if row.state != State.RUNNING:
        raise LeaseLost(f"Training run {row.pk} was ended from elsewhere.")
    if row.cancel_requested_at is not None:
        raise Cancelled(_cancelled(row))


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


def _cancelled(row: TrainingRun) -> str:
    return f"Cancelled by {row.cancel_requested_by or 'somebody'}."


def _end_by(handle: Handle, error: BaseException) -> None:
    """The error itself is what must be seen, so one of the database's is passed over."""
    interrupted = isinstance(error, KeyboardInterrupt)
    if interrupted and not connection.in_atomic_block:
        connection.close()  # it may have been interrupted in the middle of an answer
    state = State.CANCELLED if interrupted else State.FAILED
    reason, seen = _sentence(error), handle.heart.seen
    if interrupted and seen is not None and seen.cancel_requested_at is not None:
        reason = _cancelled(seen)  # by the process that waits for this one
    with suppress(LeaseLost, DatabaseError):
        _end(handle, state, reason, patience=LAST_WORDS if interrupted else None)


def _end(handle: Handle, state: State, reason: str, *, patience: float | None = None) -> None:
    """Where an outage swallowed the answer only, the second attempt finds what it wanted."""
    values = {"state": state, "reason": reason, "finished_at": timezone.now()}
    row = TrainingRun.objects.filter(pk=handle.run.pk)
    if not outlive(
        lambda: _close(handle.run.pk, values) or row.filter(**values).exists(),
        patience=patience,
    ):
        raise LeaseLost(f"Training run {handle.run.pk} was ended from elsewhere.")
    for name, value in values.items():
        setattr(handle.run, name, value)


def _end_for(run: TrainingRun, reason: str) -> int:
    """End a run whose process cannot do it: cancelled where that was asked for, else failed."""
    cancelled = run.cancel_requested_at is not None
    values = {
        "state": State.CANCELLED if cancelled else State.FAILED,
        "reason": f"{_cancelled(run)} {reason}" if cancelled else reason,
        "finished_at": timezone.now(),
    }
    return _close(run.pk, values)


def _close(pk: int, values: dict[str, Any]) -> int:
    """End a run that is running, and tell of it in the same transaction."""
    with transaction.atomic():
        count = TrainingRun.objects.filter(pk=pk, state=State.RUNNING).update(**values)
        if count:
            telling.finished(TrainingRun.objects.get(pk=pk))
    return count


def _ended(state: State, worker: Worker, **values: Any) -> TrainingRun:
    now = timezone.now()
    with transaction.atomic():
        run = TrainingRun.objects.create(
            state=state,
            worker=worker.name,
            identity=worker.as_dict(),
            lease_until=now,
            finished_at=now,
            **values,
        )
        telling.finished(run)
    return run


def _sentence(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return str(error) or "Interrupted."
    return str(error).strip() or type(error).__name__
