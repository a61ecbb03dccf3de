"""Middleware that the pages need and the API does not: there it is passed by.

A route of the API knows keys, no cookies: it needs no session, no signed-in account, no notice for
the next page, no lock-out of a log-in, no policy for scripts, and is no static file.
"""

from typing import Any

from axes.middleware import AxesMiddleware
from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware

from beez.staff import readable, sessions

PAGES = ("/", "/docs")  # and what is below these:
BELOW = ("/admin", "/static/")


def is_page(request: HttpRequest) -> bool:
    """What a browser shows to people. Everything else is the API, unknown paths too."""
    return request.path_info in PAGES or request.path_info.startswith(BELOW)


class _OnPages:
    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_page(request):
            answer: HttpResponseBase = super().__call__(request)  # type: ignore[misc]
        else:
            answer = self.get_response(request)
        return answer


class StaticFiles(_OnPages, WhiteNoiseMiddleware): ...  # type: ignore[misc]


class ScriptPolicy(_OnPages, CSPMiddleware): ...  # type: ignore[misc]


class Readable(_OnPages, readable.Readable): ...  # type: ignore[misc]


class Sessions(_OnPages, SessionMiddleware): ...


class Accounts(_OnPages, AuthenticationMiddleware): ...


class Ages(_OnPages, sessions.Ages): ...  # type: ignore[misc]


class Notices(_OnPages, MessageMiddleware): ...


class LockOut(_OnPages, AxesMiddleware): ...  # type: ignore[misc]
