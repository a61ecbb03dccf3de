"""API keys: made, verified, revoked. A key is `bz_<8 hex digits>_<43 random characters>`.

Only the prefix and a SHA-256 are stored. A plain hash is right here, unlike for passwords: the
secret is 256 random bits, which nobody can guess, and a slow hash would only cost each request.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from beez.api.models import ApiKey

# A busy key would otherwise cost one write for each request.
LAST_USE_PRECISION = timedelta(minutes=1)

_KEY = re.compile(r"(bz_[0-9a-f]{8})_[A-Za-z0-9_-]{43}")


class InvalidKeyError(Exception):
    """The key opens nothing; the message says why in a sentence for its holder."""


def create(
    *, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Store a new key; returns its row and the key itself, which cannot be had again.

    ValueError when a scope is unknown or none is given.
    """
    wanted = sorted(set(scopes))
    if not wanted or (unknown := set(wanted) - set(ApiKey.Scope.values)):
        names = ", ".join(sorted(unknown)) if wanted else "none given"
        raise ValueError(f"Unknown scope ({names}). Scopes are: {', '.join(ApiKey.Scope.values)}.")
    prefix = f"bz_{secrets.token_hex(4)}"
    key = f"{prefix}_{secrets.token_urlsafe(32)}"
    row = ApiKey.objects.create(
        name=name, prefix=prefix, sha256=_digest(key), scopes=wanted, expires_at=expires_at
    )
    return row, key


def verify(key: str) -> ApiKey:
    """The row of a key that is valid now, in one query; InvalidKeyError otherwise."""
    match = _KEY.fullmatch(key)
    row = _with_prefix(match[1]) if match else None
    if row is None or not hmac.compare_digest(row.sha256, _digest(key)):
        raise InvalidKeyError("This API key is unknown.")
    if row.revoked_at is not None:
        raise InvalidKeyError("This API key has been revoked.")
    if row.expires_at is not None and row.expires_at <= timezone.now():
        raise InvalidKeyError("This API key has expired.")
    return row


def note_use(row: ApiKey) -> None:
    """Write `last_used_at`, at most once in `LAST_USE_PRECISION`, however many processes ask."""
    now = timezone.now()
    stale = now - LAST_USE_PRECISION
    if row.last_used_at is not None and row.last_used_at > stale:
        return
    due = Q(last_used_at=None) | Q(last_used_at__lte=stale)
    ApiKey.objects.filter(due, pk=row.pk).update(last_used_at=now)


def revoke(row: ApiKey) -> None:
    """Close the key for good, from the next request on; the first revocation's time stays."""
    ApiKey.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=timezone.now())
    row.refresh_from_db()


def _with_prefix(prefix: str) -> ApiKey | None:
    """By hand, for every request asks this, and composing it by the ORM takes longer than it."""
    found = ApiKey.objects.raw("SELECT * FROM beez_apikey WHERE prefix = %s", [prefix])
    return next(iter(found), None)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
