"""A member of staff asks for a training: a row first, which the worker takes up when it can."""

from django.db import IntegrityError, transaction
from kombu.exceptions import OperationalError

from beez.audit import trail
from training import tasks
from training.models import TrainingRun
from training.runs import recording


class NotAskedError(Exception):
    """The training was not asked for; the message says why and what to do."""


def ask(*, asked_by: str) -> bool:
    """Ask for a training; NotAskedError where one is under way or asked for.

    False where the worker could not be told, for the queue does not answer: it looks each minute
    by itself, once it can.
    """
    running = TrainingRun.objects.filter(state=TrainingRun.State.RUNNING).first()
    if running is not None:
        raise NotAskedError(
            f"Run {running.pk} is under way. Wait until it has ended, and ask again if you still "
            "want another."
        )
    try:
        with transaction.atomic():
            trail.record("training.asked", actor=asked_by)
            recording.ask(asked_by=asked_by)
    except IntegrityError:
        raise NotAskedError(
            "A training is asked for already, and begins when the worker takes it up. Where it "
            "does not within minutes, the overview says what is wrong."
        ) from None
    try:
        tasks.take_up.apply_async(retry=False)
    except (OperationalError, OSError):
        return False
    return True
