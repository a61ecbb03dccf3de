"""Which night it is, whether its check has taken place, and whether it is still time for it.

Told from rows and not from a clock that rings: so a check takes place once a night on the days on
which clocks change too, with two beats, and after an outage; and never in the morning's traffic.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from training.models import TrainingRun
from training.runs import recording

AHEAD = timedelta(hours=1)  # what is dated later than that was written by a clock that went wrong
MISSED = "missed"  # key in the configuration of the row that says so

State = TrainingRun.State


@dataclass(frozen=True, kw_only=True)
class Night:
    """The newest RETRAIN_AT that has been; `until`: how long its check is made up for.

    `due`: it has not taken place, and it is time; `missed`: it has not, and it is too late.
    """

    at: datetime
    until: datetime
    state: Literal["checked", "due", "missed"]


def last(now: datetime | None = None) -> Night:
    """Raises Django's database errors."""
    now = now or timezone.now()
    today = timezone.localdate(now)
    at = _moment(today)
    if at > now:
        at = _moment(today - timedelta(days=1))
    until = at + timedelta(hours=settings.RETRAIN_WITHIN_HOURS)
    if _is_checked(at, now) or not _was_there(at):
        return Night(at=at, until=until, state="checked")
    return Night(at=at, until=until, state="due" if now < until else "missed")


def coming(now: datetime) -> datetime:
    """The next time that it is RETRAIN_AT in TIME_ZONE."""
    today = timezone.localdate(now)
    at = _moment(today)
    return at if at > now else _moment(today + timedelta(days=1))


def note_missed(night: Night) -> None:
    """A row for the night that was missed, once."""
    mark = {MISSED: night.at.isoformat()}
    if not TrainingRun.objects.filter(config=mark).exists():
        at, until = map(timezone.localtime, (night.at, night.until))
        reason = (
            f"The check of {at:%Y-%m-%d %H:%M} did not take place: nothing took it up until "
            f"{until:%H:%M}, and in the day it is not made up for (RETRAIN_WITHIN_HOURS)."
        )
        recording.skip(TrainingRun.Trigger.SCHEDULE, mark, reason)


def _moment(day: date) -> datetime:
    """In UTC, for times of one zone are compared by their wall clocks. Of an hour that comes twice
    the first, of one that is left out the time that follows it."""
    return timezone.make_aware(datetime.combine(day, time(*settings.RETRAIN_AT))).astimezone(UTC)


def _is_checked(at: datetime, now: datetime) -> bool:
    """By the schedule, or by a training that does the same."""
    span = at, now + AHEAD
    since = Q(started_at__range=span) | Q(finished_at__range=span)
    scheduled = Q(trigger=TrainingRun.Trigger.SCHEDULE) & ~Q(config__has_key=MISSED)
    return TrainingRun.objects.filter(
        Q(state=State.RUNNING) | since & (scheduled | Q(state=State.SUCCEEDED))
    ).exists()


def _was_there(at: datetime) -> bool:
    """A Beez that was set up since has missed nothing."""
    return TrainingRun.objects.filter(started_at__lt=at).exists()
