"""Counters in Postgres, for the package `limits`: one statement raises, restarts and reads one."""

import random
import time

from django.db import DatabaseError, connection
from limits.storage import Storage

# Concurrent requests queue at the row, so each sees a figure of its own.
_INCREASE = """
    INSERT INTO beez_allowance AS old (key, used, ends_at)
    VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s))
    ON CONFLICT (key) DO UPDATE SET
        used = excluded.used + CASE WHEN old.ends_at > clock_timestamp() THEN old.used ELSE 0 END,
        ends_at = CASE
            WHEN old.ends_at > clock_timestamp() THEN old.ends_at ELSE excluded.ends_at
        END
    RETURNING used
"""
_ENDS = "SELECT extract(epoch FROM ends_at - clock_timestamp()) FROM beez_allowance WHERE key = %s"
# What is being counted right now is left alone, and nobody waits.
_FORGET = """
    DELETE FROM beez_allowance WHERE key IN (
        SELECT key FROM beez_allowance WHERE ends_at < clock_timestamp() - interval '1 minute'
        LIMIT 1000 FOR UPDATE SKIP LOCKED
    )
"""
FORGET_SHARE = 0.002  # of the requests also remove counters of periods that are over


class PostgresStorage(Storage):
    STORAGE_SCHEME = None

    @property
    def base_exceptions(self) -> type[Exception]:
        return DatabaseError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        if random.random() < FORGET_SHARE:
            self.forget()
        with connection.cursor() as cursor:
            cursor.execute(_INCREASE, [key, amount, expiry])
            return int(cursor.fetchone()[0])

    def get_expiry(self, key: str) -> float:
        with connection.cursor() as cursor:
            cursor.execute(_ENDS, [key])
            row = cursor.fetchone()
        return time.time() + (float(row[0]) if row else 0.0)

    def forget(self) -> None:
        """Remove counters of periods that are over."""
        with connection.cursor() as cursor:
            cursor.execute(_FORGET)

    def get(self, key: str) -> int:
        raise NotImplementedError

    def check(self) -> bool:
        raise NotImplementedError

    def reset(self) -> int | None:
        raise NotImplementedError

    def clear(self, key: str) -> None:
        raise NotImplementedError
