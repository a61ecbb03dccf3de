"""Figures and moments in the words of the status: sizes, how long ago, when next."""

from datetime import datetime, timedelta

from django.utils import timezone

_STEPS = ((timedelta(minutes=2), 1, "s"), (timedelta(hours=2), 60, "min"))
_HOUR, _DAY = 3600, 86_400
NIGHT_ENDS = 6  # o'clock


def ago(moment: datetime, now: datetime) -> str:
    """`12 s ago`, `3 min ago`, `5 h ago`, `4 days ago`; a clock that is ahead counts as now."""
    passed = max(now - moment, timedelta())
    for limit, seconds, unit in _STEPS:
        if passed < limit:
            return f"{int(passed.total_seconds()) // seconds} {unit} ago"
    if passed < timedelta(days=2):
        return f"{int(passed.total_seconds()) // _HOUR} h ago"
    return f"{int(passed.total_seconds()) // _DAY} days ago"


def coming(moment: datetime, now: datetime) -> str:
    """`tonight 03:30`, `today 14:00`, `tomorrow 14:00`, in TIME_ZONE; within a day from `now`."""
    local, here = timezone.localtime(moment), timezone.localtime(now)
    is_today = local.date() == here.date()
    clock = f"{local:%H:%M}"
    if local.hour < NIGHT_ENDS and (is_today or here.hour >= NIGHT_ENDS):
        return f"tonight {clock}"
    return f"today {clock}" if is_today else f"tomorrow {clock}"


def date_and_time(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def size(number: int) -> str:
    """Bytes as `740 MB` or `12.3 GB`."""
    megabytes = number / 10**6
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


def of_hundred(low: float, high: float) -> str:
    """An interval of a share, `85 to 95 in 100`."""
    return f"{round(low * 100)} to {round(high * 100)} in 100"
