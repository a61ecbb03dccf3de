"""What other systems are told of trainings: how each that had begun ended."""

from beez.api.instants import instant
from beez.webhooks import outbox
from beez.webhooks.models import Kind
from training.models import TrainingRun


def finished(run: TrainingRun) -> None:
    """In the transaction that ends the run. A skipped one never began, and is not told of."""
    if run.state == TrainingRun.State.SKIPPED:
        return
    outbox.record(
        kind=Kind.TRAINED,
        data={
            "run": run.pk,
            "state": run.state,
            "trigger": run.trigger,
            "started_at": instant(run.started_at),
            "finished_at": instant(run.finished_at),
            "model_version": None if run.model_version is None else run.model_version.name,
            "activated": run.activated,
        },
    )
