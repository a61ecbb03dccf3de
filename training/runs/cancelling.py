"""Cancelling a training, from its page or from the process that it waits in."""

from django.db import transaction
from django.utils import timezone

from beez.audit import trail
from training.models import TrainingRun
from training.runs import recording


def request(run: TrainingRun, *, actor: str) -> bool:
    """Ask a running training to stop; False when it is over already. The first one to ask counts.

    It stops between two batches or steps. One that is lost, or has not begun, is ended here and
    now.
    """
    why = f"Cancelled by {actor or 'somebody'}."
    with transaction.atomic():
        if recording.drop(run.pk, TrainingRun.State.CANCELLED, why):
            _tell(run, actor)
            return True
    running = TrainingRun.objects.filter(pk=run.pk, state=TrainingRun.State.RUNNING)
    with transaction.atomic():
        if running.filter(cancel_requested_at=None).update(
            cancel_requested_at=timezone.now(), cancel_requested_by=actor
        ):
            _tell(run, actor)
    asked = running.exists()
    recording.end_all_lost()
    return asked


def _tell(run: TrainingRun, actor: str) -> None:
    trail.record("training.cancelled", subject=f"run {run.pk}", actor=actor)
