"""What the worker does each minute: begin what staff asked for, or the night's check.

Both are told from rows, so a job that got lost with Redis or a worker costs a minute, not a
training; jobs only hint.
"""

from datetime import datetime

from training.models import TrainingRun
from training.runs import child, nights, recording

State, Trigger = TrainingRun.State, TrainingRun.Trigger


def take_up(now: datetime | None = None) -> bool:
    """Whether something was begun; it is over then. Raises Django's database errors."""
    recording.end_all_lost()
    if TrainingRun.objects.filter(state=State.RUNNING).exists():
        return False
    asked = TrainingRun.objects.filter(state=State.ASKED).first()
    if asked is not None:
        return _asked(asked)
    night = nights.last(now)
    if night.state == "missed":
        nights.note_missed(night)
    if night.state != "due":
        return False
    child.train("--skip-unchanged", "--if-not-worse", trigger=Trigger.SCHEDULE)
    return True


def _asked(run: TrainingRun) -> bool:
    """Due or not, unless a run that began since does the same."""
    if other := recording.begun_since(run.started_at):
        reason = f"Run {other.pk}, which began after {run.asked_by} had asked, does the same."
        recording.drop(run.pk, State.SKIPPED, reason)
        return False
    child.train("--if-not-worse", f"--asked-by={run.asked_by}", trigger=Trigger.STAFF, asked=run.pk)
    return True
