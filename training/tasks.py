"""Celery's doors to data-set preparation and training; beat calls `take_up` each minute."""

from pathlib import Path

from celery import shared_task
from celery.signals import worker_shutting_down
from django.db import InterfaceError, OperationalError

from training.datasets import dataset
from training.models import TrainingRun
from training.runs import child, taking_up


@shared_task(
    autoretry_for=(OperationalError, InterfaceError),
    retry_backoff=2,  # seconds, then 4, 8 …
    retry_backoff_max=600,
    max_retries=20,  # two hours and a half
)
def prepare_dataset(paths: list[str] | None = None) -> str:
    """Prepare a data set from files that the worker can read; returns its digest."""
    return dataset.prepare([Path(path) for path in paths or []]).digest


@shared_task
def train_model(paths: list[str] | None = None, arguments: list[str] | None = None) -> int:
    """`manage.py train` with these files and options, in a process of its own."""
    options = [*(arguments or []), *(paths or [])]
    return child.train(*options, trigger=TrainingRun.Trigger.TASK)


@shared_task
def take_up() -> bool:
    """What staff asked for, or the nightly run: skipped when none is due, activated only when not
    worse. With nothing to do it costs a few queries."""
    return taking_up.take_up()


@worker_shutting_down.connect
def _end_training(**_: object) -> None:
    """A worker that is told to end waits for its job; a training of hours ends in order instead,
    before the worker is killed with it."""
    child.stop_all()
