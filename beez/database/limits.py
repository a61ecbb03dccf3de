"""How long this process lets a statement take, by the settings `DATABASE_…`.

A web process answers somebody who waits, so it is impatient. Commands, jobs and migrations have no
limits of their own: an index on a large table may take an hour.
"""

from django.conf import settings

GRACE = 2.0  # seconds that Postgres has to end a statement by itself, before it counts as frozen

_serving = False


def serve() -> None:
    """From now on, connections of this process have the limits of a web process."""
    global _serving
    _serving = True


def options() -> str:
    """What a new connection tells Postgres; nothing where a pooler would refuse it."""
    if not _serving or settings.DATABASE_POOLER:
        return ""
    seconds = {
        "statement_timeout": settings.DATABASE_STATEMENT_TIMEOUT,
        "lock_timeout": settings.DATABASE_LOCK_TIMEOUT,
        "idle_in_transaction_session_timeout": settings.DATABASE_IDLE_TIMEOUT,
    }
    return " ".join(f"-c {name}={value}s" for name, value in seconds.items())


def deadline() -> float | None:
    """Seconds after which a statement is given up on this side; None: never."""
    limit: int = settings.DATABASE_STATEMENT_TIMEOUT
    return limit + GRACE if _serving and limit else None


def tcp(seconds: int) -> dict[str, int]:
    """What the kernel does about a server that no longer acknowledges; nothing of it when 0."""
    if not seconds:
        return {}
    return {
        "keepalives_idle": max(1, seconds // 2),
        "keepalives_interval": max(1, seconds // 6),
        "keepalives_count": 3,
        "tcp_user_timeout": seconds * 1000,
    }
