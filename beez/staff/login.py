"""The log-in of staff under attack: bounded in number, at once and a minute; failures are logged.

Who fails too often for an account from an address is locked out (django-axes). Checking a password
is slow on purpose, so few at once may have one checked, and the API goes on beside them.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from beez.api import addresses, counting
from beez.api.gate import FullError, Gate

logger = logging.getLogger(__name__)

AT_ONCE = 3  # log-ins in a process: one whose password is checked, and two that wait for it
LONGEST_NAME = 150  # characters of an account's name in Django
_gate = Gate(AT_ONCE)

View = Callable[..., HttpResponseBase]


def guarded(view: View) -> View:
    """The log-in page, which takes so many passwords and no more."""

    @wraps(view)
    def login(request: HttpRequest, **options: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, **options)
        if wait := _too_many(request):
            return _refused(request, 429, wait, "Too many log-ins come from your address.")
        try:
            with _gate.inside():
                return view(request, **options)
        except FullError:
            return _refused(request, 503, 2, "Many people are logging in just now.")

    return login


def account(request: HttpRequest, credentials: Any = None) -> str:
    """What django-axes counts by and stores: as many characters as an account's name may have."""
    users = get_user_model()
    given = (credentials or request.POST).get(users.USERNAME_FIELD) or ""
    return str(given)[:LONGEST_NAME].replace("\0", "")


def locked_out(
    request: HttpRequest, original_response: object = None, credentials: object = None
) -> HttpResponse:
    """Called by django-axes instead of answering."""
    logger.warning("Log-in locked for %s from %s", _name(request), addresses.client(request))
    why = "The log-in has failed too often for this account from your address."
    return _refused(request, 429, settings.LOGIN_LOCK_MINUTES * 60, why)


@receiver(user_login_failed, dispatch_uid="beez.staff.login")
def _failed(request: HttpRequest | None = None, **_: object) -> None:
    if request is not None:
        logger.warning("Log-in failed for %s from %s", _name(request), addresses.client(request))


@receiver(user_logged_in, dispatch_uid="beez.staff.login")
def _logged_in(request: HttpRequest, user: Any, **_: object) -> None:
    logger.info("%s logged in from %s", user.get_username(), addresses.client(request))


def _name(request: HttpRequest) -> str:
    """Of an account that there is: in the wrong field, people type passwords."""
    users = get_user_model()
    given = account(request)
    known = users.objects.filter(**{users.USERNAME_FIELD: given}).exists()
    return repr(given) if known else "an unknown account"


def _too_many(request: HttpRequest) -> float:
    """Seconds to wait; 0 where it is the address's turn."""
    rate = settings.RATE_LIMIT_LOGINS
    found = rate and counting.count(rate, "log-ins", addresses.counted(request))
    return counting.seconds_left(found) if found and not found.allowed else 0


def _refused(request: HttpRequest, status: int, seconds: float, why: str) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": "Not logged in",
        "why": why,
        "minutes": max(1, round(seconds / 60)),
    }
    answer = render(request, "admin/log_in_refused.html", context, status=status)
    answer["Retry-After"] = str(int(seconds) + 1)
    return answer
