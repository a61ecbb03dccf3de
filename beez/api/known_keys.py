"""The keys that have opened something in this process just now: most requests ask no database.

A row is trusted for `TRUSTED_SECONDS`, counted from before it was read. So whatever is done to a
key elsewhere (revoked, rotated, other scopes) holds here within two seconds, with no thread that
could stand still, and while Postgres is away a key is soon a 503 as any other question to it.
Only keys that were verified are kept, so that no flood of wrong ones fills it.
"""

import time

from beez.api.models import ApiKey

TRUSTED_SECONDS = 1.0
MOST = 10_000  # keys; beyond that it begins anew

_known: dict[str, tuple[float, ApiKey]] = {}


def get(prefix: str) -> ApiKey | None:
    """The row of a key that was verified here, unless it is too old to be trusted."""
    read_at, row = _known.get(prefix, (0.0, None))
    return row if time.monotonic() - read_at < TRUSTED_SECONDS else None


def keep(row: ApiKey, *, read_at: float) -> None:
    """`read_at` is monotonic, and from before the row was asked for."""
    if len(_known) >= MOST:
        _known.clear()
    _known[row.prefix] = (read_at, row)


def forget(prefix: str) -> None:
    """What this process itself has done to a key holds here at once."""
    _known.pop(prefix, None)
