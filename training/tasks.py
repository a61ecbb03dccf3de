"""Celery's doors to data-set preparation and training; beat calls `retrain` nightly."""

from datetime import datetime
from pathlib import Path

from celery import shared_task
from celery.signals import worker_shutting_down

from training.datasets import dataset
from training.models import TrainingRun
from training.runs import child, recording


@shared_task
def prepare_dataset(paths: list[str] | None = None) -> str:
    """Prepare a data set from files that the worker can read; returns its digest."""
    return dataset.prepare([Path(path) for path in paths or []]).digest


@shared_task
def train_model(paths: list[str] | None = None, arguments: list[str] | None = None) -> int:
    """`manage.py train` with these files and options, in a process of its own."""
    options = [*(arguments or []), *(paths or [])]
    return child.train(*options, trigger=TrainingRun.Trigger.TASK)


@shared_task
def retrain() -> int:
    """The nightly run: skipped when none is due, activated only when not worse."""
    return child.train("--skip-unchanged", "--if-not-worse", trigger=TrainingRun.Trigger.SCHEDULE)


@shared_task
def train_for_staff(asked_by: str, asked_at: str) -> int:
    """What a member of staff asked for, due or not, unless a run that began since does the same."""
    if run := recording.begun_since(datetime.fromisoformat(asked_at)):
        reason = f"Run {run.pk}, which began after {asked_by} had asked, does the same."
        recording.skip(TrainingRun.Trigger.STAFF, {}, reason, asked_by=asked_by)
        return 0
    return child.train(
        "--if-not-worse", f"--asked-by={asked_by}", trigger=TrainingRun.Trigger.STAFF
    )


@worker_shutting_down.connect
def _end_training(**_: object) -> None:
    """A worker that is told to end waits for its job; a training of hours ends in order instead,
    before the worker is killed with it."""
    child.stop_all()
