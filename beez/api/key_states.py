"""What is to be said of a key beside its name: is it valid, does it end soon, is it used?"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Q
from django.utils import timezone

from beez.api.models import ApiKey

State = Literal["valid", "ends soon", "expired", "revoked"]

SOON = timedelta(days=14)
UNUSED = timedelta(days=90)


def state(row: ApiKey, *, now: datetime | None = None) -> State:
    now = now or timezone.now()
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is None or row.expires_at > now + SOON:
        return "valid"
    return "ends soon" if row.expires_at > now else "expired"


def is_unused(row: ApiKey, *, now: datetime | None = None) -> bool:
    """It opens something still, and nobody has asked by it for `UNUSED`, or ever."""
    now = now or timezone.now()
    since = row.last_used_at or row.created_at
    return state(row, now=now) in ("valid", "ends soon") and since <= now - UNUSED


def open_now(now: datetime) -> Q:
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))


# The same as conditions, for lists.
CONDITIONS: dict[str, Callable[[datetime], Q]] = {
    "open": open_now,
    "soon": lambda now: open_now(now) & Q(expires_at__lte=now + SOON),
    "unused": lambda now: (
        open_now(now)
        & (Q(last_used_at__lte=now - UNUSED) | Q(last_used_at=None, created_at__lte=now - UNUSED))
    ),
    "never": lambda now: open_now(now) & Q(last_used_at=None),
    "closed": lambda now: ~open_now(now),
}
