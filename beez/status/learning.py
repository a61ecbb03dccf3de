"""Why Beez is or is not learning: what is new, the last training, and the next check."""

from dataclasses import dataclass
from datetime import datetime

from django.db import Error
from django.utils import timezone

from training.learning import changes
from training.models import TrainingRun
from training.runs import due, nights
from training.runs.due import Due


@dataclass(frozen=True, kw_only=True)
class Run:
    """The newest training run, whatever became of it."""

    pk: int
    state: str
    reason: str
    step: str  # what it is at, while it runs
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Learning:
    """Whether a training is due and why, in a sentence; None where that cannot be told."""

    is_due: bool | None
    reason: str
    reviewed: int
    needed: int
    next_check: datetime
    missed: datetime | None  # the last night's check, where it did not take place
    last_run: Run | None


def state(now: datetime | None = None) -> Learning:
    """Raises Django's database errors."""
    found = _assessed()
    night = nights.last(now)
    return Learning(
        is_due=found.is_due if found.needed else None,
        reason=found.reason,
        reviewed=found.reviewed,
        needed=found.needed,
        next_check=nights.coming(now or timezone.now()),
        missed=night.at if night.state == "missed" else None,
        last_run=_last_run(),
    )


def _assessed() -> Due:
    try:
        return due.assess(changes.configured())
    except Error:
        raise
    except Exception as error:  # a file that cannot be read, say, is news and no end of the page
        reason = f"Whether a training is due cannot be told: {error}"
        return Due(is_due=False, reason=reason, reviewed=0, needed=0)


def _last_run() -> Run | None:
    run = TrainingRun.objects.first()
    if run is None:
        return None
    return Run(
        pk=run.pk,
        state=run.state,
        reason=run.reason,
        step=str(run.progress.get("step", "")),
        started_at=run.started_at,
        finished_at=run.finished_at,
    )
