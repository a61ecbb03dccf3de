"""What came in lately: messages, the tags that the model gave, and switches, day by day."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Count
from django.utils import timezone

from beez.status import bounded
from conversations.models import Message, PredictedTag, TagSwitch

DAYS = 14  # the last of them is today
TODAY_SECONDS = 60.0  # how old a count may be
PAST_SECONDS = 6 * 3600.0  # what is past hardly changes


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day in TIME_ZONE; `tags` says how many messages got each tag, those without are absent."""

    day: date
    messages: int = 0
    switches: int = 0
    tags: dict[str, int] = field(default_factory=dict)


def days(now: datetime | None = None) -> list[Day]:
    """The last DAYS days, today last. Raises Django's database errors.

    A day is counted by itself and then remembered, so that what is broken off for taking too long
    goes on from there the next time.
    """
    today = timezone.localdate(now)
    return [_remembered(today - timedelta(days=ago), ago) for ago in reversed(range(DAYS))]


def _remembered(day: date, ago: int) -> Day:
    seconds = PAST_SECONDS if ago else TODAY_SECONDS
    return bounded.remembered(f"day {day}, {ago > 0}", lambda: _counted(day), seconds=seconds)


def _counted(day: date) -> Day:
    span = _midnight(day), _midnight(day + timedelta(days=1))
    messages = Message.objects.filter(created_at__gte=span[0], created_at__lt=span[1])
    switches = TagSwitch.objects.filter(created_at__gte=span[0], created_at__lt=span[1])
    tags = (
        PredictedTag.objects.filter(message__in=messages.order_by())
        .values_list("tag")
        .annotate(number=Count("*"))
        .order_by()
    )
    return Day(day=day, messages=messages.count(), switches=switches.count(), tags=dict(tags))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
