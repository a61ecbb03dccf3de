"""Counts what somebody has had of an allowance in a period, exactly, in all web processes together.

A period begins with the first request of it, and its counter is raised and read in one step of
the store: Redis, or Postgres where there is none. While Redis is away nothing is counted.
"""

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import RedisStorage, Storage
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from beez.api.breaker import Breaker
from beez.api.counting_in_postgres import PostgresStorage

REDIS_SECONDS = 0.1  # to connect, and to answer; a request may wait for both


@dataclass(frozen=True, kw_only=True)
class Count:
    """What was used of an allowance, with this request."""

    rate: RateLimitItem
    who: tuple[str, ...]
    used: int
    cost: int

    @property
    def allowed(self) -> bool:
        """Whether anything was left before: the last request may take more than that."""
        return self.used - self.cost < self.rate.amount

    @property
    def remaining(self) -> int:
        return max(0, self.rate.amount - self.used)


def count(rate: str, *who: str, cost: int = 1) -> Count | None:
    """Take `cost` from the allowance `rate`, like 600/minute, of `who`. None: nobody counts now."""
    item = _parsed(rate)
    key, period = item.key_for(*who), item.get_expiry()
    used = _ask(lambda store: store.incr(key, period, cost))
    return None if used is None else Count(rate=item, who=who, used=used, cost=cost)


def seconds_left(found: Count) -> float:
    """Until its period ends. At least that: Redis tells whole seconds, rounded."""
    key = found.rate.key_for(*found.who)
    left = _ask(lambda store: _left(store, key))
    return float(found.rate.get_expiry()) if left is None else left


def _left(store: Storage, key: str) -> float:
    return max(0.0, store.get_expiry(key) - time.time()) + 0.5


def _ask(question: Any) -> Any:
    if not settings.REDIS_URL:
        return question(_POSTGRES)
    store, breaker = _redis(settings.REDIS_URL)
    return breaker.call(lambda: question(store))


_parsed = functools.cache(parse)
_POSTGRES = PostgresStorage()


@functools.cache
def _redis(url: str) -> tuple[Storage, Breaker]:
    options: Mapping[str, Any] = {
        "socket_connect_timeout": REDIS_SECONDS,
        "socket_timeout": REDIS_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
    breaker = Breaker(
        failures=RedisError,
        began="Redis cannot be reached: rate limits are lifted until it is back",
        ended="Redis is back: rate limits hold again",
    )
    return RedisStorage(url, key_prefix="beez", **options), breaker
