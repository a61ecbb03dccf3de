"""A member of staff asks for a training: it is handed to the worker, which does it when it can."""

from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from beez.audit import trail
from training import tasks
from training.models import TrainingRun


class NotAskedError(Exception):
    """The training could not be asked for; the message says why and what to do."""


def ask(*, asked_by: str) -> None:
    """Hand a training to the worker; NotAskedError where one is under way, or no job can start."""
    running = TrainingRun.objects.filter(state=TrainingRun.State.RUNNING).first()
    if running is not None:
        raise NotAskedError(
            f"Run {running.pk} is under way. Wait until it has ended, and ask again if you still "
            "want another."
        )
    try:
        with transaction.atomic():
            trail.record("training.asked", actor=asked_by)
            now = timezone.now().isoformat()
            tasks.train_for_staff.apply_async(args=(asked_by, now), retry=False)
    except (OperationalError, OSError) as error:
        raise NotAskedError(
            "No training was started, for jobs cannot be handed over at present: the queue "
            "(Redis) does not answer. Try again in a few minutes, or tell whoever runs Beez."
        ) from error
