"""How much a caller may have in a period: requests and characters of a key, failed keys of an
address. Who is over it gets a 429 that says for how long."""

import logging
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from beez.api import addresses, counting
from beez.api.counting import Count
from beez.api.models import ApiKey

if TYPE_CHECKING:  # DRF's views import this module, by its name in the settings
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class TooMany(Throttled):
    """429, with the seconds until the period ends."""

    extra_detail_singular = "Try again in {wait} second."
    extra_detail_plural = "Try again in {wait} seconds."


class KeyRateThrottle(BaseThrottle):
    """`RATE_LIMIT`: requests of each key by itself; a view without a key is not limited."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        _take(view, request, what="requests", rate=settings.RATE_LIMIT, setting="RATE_LIMIT")
        return True


def spend(view: "APIView", request: Request, texts: list[str]) -> None:
    """`RATE_LIMIT_CHARACTERS`: take the characters that are about to be classified. Raises TooMany.

    A request passes while anything is left, and may take more: no body that is allowed is one that
    could never pass.
    """
    rate, cost = settings.RATE_LIMIT_CHARACTERS, sum(map(len, texts))
    setting = "RATE_LIMIT_CHARACTERS"
    _take(view, request, what="characters", rate=rate, setting=setting, cost=cost)


def failed_key(request: HttpRequest) -> None:
    """Count a request whose key opens nothing. Raises TooMany where its address sends too many.

    Good keys from the same address go on: a company is one address, and a proxy too.
    """
    if not settings.RATE_LIMIT_FAILED_KEYS:
        return
    address = addresses.counted(request)
    count = counting.count(settings.RATE_LIMIT_FAILED_KEYS, "failed-keys", address)
    if count is None or count.allowed:
        return
    if count.used == count.rate.amount + 1:  # once in a period
        logger.warning("Refusing requests with failed API keys from %s", address)
    _refuse(count, "requests with failed keys from this address", "RATE_LIMIT_FAILED_KEYS")


def _take(
    view: "APIView", request: Request, *, what: str, rate: str, setting: str, cost: int = 1
) -> None:
    if not rate or not isinstance(request.auth, ApiKey):
        return
    count = counting.count(rate, what, str(request.auth.pk), cost=cost)
    if count is None:
        return
    _tell(view.headers, what, count)
    if not count.allowed:
        _refuse(count, f"{what} of this API key", setting)


def _tell(headers: dict[str, Any], what: str, count: Count) -> None:
    """What is left, as draft-ietf-httpapi-ratelimit-headers has it; the view sends its `headers`
    with whatever it answers."""
    quota, window = count.rate.amount, count.rate.get_expiry()
    for name, value in (
        ("RateLimit-Policy", f'"{what}";q={quota};w={window}'),
        ("RateLimit", f'"{what}";r={count.remaining}'),
    ):
        headers[name] = f"{headers[name]}, {value}" if name in headers else value


def _refuse(count: Count, what: str, setting: str) -> NoReturn:
    rate = count.rate
    allowed = f"{rate.amount:,} {what} in {rate.get_expiry():,} seconds are allowed ({setting})."
    raise TooMany(counting.seconds_left(count), f"At most {allowed}")
