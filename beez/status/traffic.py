"""What came in lately: messages, the tags that the model gave, and switches, day by day."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from beez.status import bounded
from conversations.models import Message, PredictedTag, TagSwitch

DAYS = 14  # the last of them is today
TODAY_SECONDS, PAST_SECONDS = 60.0, 3600.0  # how old a count may be; what is past hardly changes


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day in TIME_ZONE; `tags` says how many messages got each tag, those without are absent."""

    day: date
    messages: int = 0
    switches: int = 0
    tags: dict[str, int] = field(default_factory=dict)


def days(now: datetime | None = None) -> list[Day]:
    """The last DAYS days, today last. Raises Django's database errors."""
    today = timezone.localdate(now)
    first = today - timedelta(days=DAYS - 1)
    past = bounded.remembered(
        f"days before {today}", lambda: _counted(first, today), seconds=PAST_SECONDS
    )
    present = bounded.remembered(
        f"day {today}", lambda: _counted(today, today + timedelta(days=1)), seconds=TODAY_SECONDS
    )
    return [*past, *present]


def _counted(first: date, end: date) -> list[Day]:
    """Every day from `first` to the one before `end`."""
    since, until = _midnight(first), _midnight(end)
    messages = dict(
        Message.objects.filter(created_at__gte=since, created_at__lt=until)
        .annotate(day=TruncDate("created_at"))
        .values_list("day")
        .annotate(number=Count("*"))
        .order_by()
    )
    switches = dict(
        TagSwitch.objects.filter(created_at__gte=since, created_at__lt=until)
        .annotate(day=TruncDate("created_at"))
        .values_list("day")
        .annotate(number=Count("*"))
        .order_by()
    )
    tags = _by_day(
        PredictedTag.objects.filter(message__created_at__gte=since, message__created_at__lt=until)
        .annotate(day=TruncDate("message__created_at"))
        .values_list("day", "tag")
        .annotate(number=Count("*"))
        .order_by()
    )
    return [
        Day(
            day=day,
            messages=messages.get(day, 0),
            switches=switches.get(day, 0),
            tags=tags.get(day, {}),
        )
        for day in (first + timedelta(days=number) for number in range((end - first).days))
    ]


def _by_day(rows: Iterable[tuple[date, str, int]]) -> dict[date, dict[str, int]]:
    found: dict[date, dict[str, int]] = {}
    for day, tag, count in rows:
        found.setdefault(day, {})[tag] = count
    return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
