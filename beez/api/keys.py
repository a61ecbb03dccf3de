"""API keys: made, verified, rotated, revoked. A key is `bz_<8 hex digits>_<43 random characters>`.

Only the prefix and a SHA-256 are stored. A plain hash is right here, unlike for passwords: the
secret is 256 random bits, which nobody can guess, and a slow hash would only cost each request.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from beez.api import known_keys
from beez.api.models import ApiKey
from beez.api.names import why_not_a_name
from beez.audit import trail

LONGEST_NAME = 100
LONGEST_OVERLAP = timedelta(days=90)

_KEY = re.compile(r"(bz_[0-9a-f]{8})_[A-Za-z0-9_-]{43}")


class InvalidKeyError(Exception):
    """The key opens nothing; the message says why in a sentence for its holder."""


class RotationError(ValueError):
    """The key cannot be rotated; the message says why."""


@transaction.atomic
def create(
    *, name: str, scopes: Iterable[str], expires_at: datetime | None = None, actor: str = ""
) -> tuple[ApiKey, str]:
    """Store a new key; returns its row and the key itself, which cannot be had again.

    `actor` names who asks, where that is no request. ValueError when a scope is unknown or none
    is given, or the name is none.
    """
    if wrong := why_not_a_name(name, longest=LONGEST_NAME):
        raise ValueError(wrong)
    wanted = sorted(set(scopes))
    if not wanted or (unknown := set(wanted) - set(ApiKey.Scope.values)):
        names = ", ".join(sorted(unknown)) if wanted else "none given"
        raise ValueError(f"Unknown scope ({names}). Scopes are: {', '.join(ApiKey.Scope.values)}.")
    prefix = f"bz_{secrets.token_hex(4)}"
    key = f"{prefix}_{secrets.token_urlsafe(32)}"
    row = ApiKey.objects.create(
        name=name, prefix=prefix, sha256=_digest(key), scopes=wanted, expires_at=expires_at
    )
    trail.record(
        "key.created", subject=prefix, actor=actor, name=name, scopes=wanted, **_until(expires_at)
    )
    return row, key


@transaction.atomic
def rotate(row: ApiKey, *, overlap: timedelta, actor: str = "") -> tuple[ApiKey, str]:
    """A new key of the same name, scopes and span of life; the old one goes on for `overlap`.

    RotationError for a key that opens nothing any more, or has been rotated already.
    """
    old = ApiKey.objects.select_for_update().get(pk=row.pk)
    now = timezone.now()
    _refuse_rotation(old, now, overlap)
    span = old.expires_at and old.expires_at - old.created_at
    new, key = create(
        name=old.name, scopes=old.scopes, expires_at=now + span if span else None, actor=actor
    )
    ends = now + overlap
    old.expires_at = min(ends, old.expires_at or ends)
    old.replaced_by = new
    old.save(update_fields=["expires_at", "replaced_by"])
    known_keys.forget(old.prefix)
    trail.record(
        "key.rotated", subject=old.prefix, actor=actor, by=new.prefix, **_until(old.expires_at)
    )
    row.refresh_from_db()
    return new, key


def verify(key: str) -> ApiKey:
    """The row of a key that is valid now; InvalidKeyError otherwise.

    One query, or none where this process has asked just now: see `known_keys`.
    """
    match, asked_at = _KEY.fullmatch(key), time.monotonic()
    known = known_keys.get(match[1]) if match else None
    row = known or (_with_prefix(match[1]) if match else None)
    if row is None or not hmac.compare_digest(row.sha256, _digest(key)):
        raise InvalidKeyError("This API key is unknown.")
    if row.revoked_at is not None:
        raise InvalidKeyError("This API key has been revoked.")
    if row.expires_at is not None and row.expires_at <= timezone.now():
        raise InvalidKeyError("This API key has expired.")
    if known is None:
        known_keys.keep(row, read_at=asked_at)
    return row


@transaction.atomic
def revoke(row: ApiKey, *, actor: str = "") -> None:
    """Close the key for good; the first revocation's time stays.

    It holds from the next request on here, and in every other process within two seconds.
    """
    if ApiKey.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=timezone.now()):
        trail.record("key.revoked", subject=row.prefix, actor=actor, name=row.name)
        known_keys.forget(row.prefix)
    row.refresh_from_db()


def _with_prefix(prefix: str) -> ApiKey | None:
    """By hand, for composing it by the ORM takes longer than it."""
    found = ApiKey.objects.raw("SELECT * FROM beez_apikey WHERE prefix = %s", [prefix])
    return next(iter(found), None)


def _refuse_rotation(old: ApiKey, now: datetime, overlap: timedelta) -> None:
    if old.replaced_by_id is not None:
        raise RotationError(f"It was rotated already. Rotate {old.replaced_by}, its successor.")
    if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
        raise RotationError("It opens nothing any more. Make a new key instead.")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise RotationError(f"The overlap lies between 0 and {LONGEST_OVERLAP.days} days.")


def _until(moment: datetime | None) -> dict[str, str]:
    return {} if moment is None else {"until": moment.isoformat(timespec="seconds")}


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
