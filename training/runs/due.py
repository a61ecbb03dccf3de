"""Whether a training is due: enough has been reviewed since the last one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from conversations.models import Review
from training.models import TrainingRun

NEEDED = 50  # unless RETRAIN_AFTER_REVIEWS says otherwise


@dataclass(frozen=True, kw_only=True)
class Due:
    """`reason` is a sentence for staff; `reviewed` counts reviews since the last training."""

    is_due: bool
    reason: str
    reviewed: int
    needed: int


def assess(config: object, paths: Sequence[Path] = ()) -> Due:
    """Whether a training by `config` on `paths` (none: as the settings say) is due now."""
    needed = getattr(settings, "RETRAIN_AFTER_REVIEWS", NEEDED)
    last = TrainingRun.objects.filter(state=TrainingRun.State.SUCCEEDED).first()
    reviews = Review.objects.filter(withdrawn_at=None)
    if last is not None:
        reviews = reviews.filter(created_at__gte=last.started_at)
    reviewed = reviews[:needed].count()
    is_due = last is None or reviewed >= needed
    reason = (
        "Nothing has been trained yet."
        if last is None
        else f"{reviewed} of {needed} reviewed messages needed."
    )
    return Due(is_due=is_due, reason=reason, reviewed=reviewed, needed=needed)
