"""How long staff stay logged in: `SESSION_IDLE_MINUTES` without a page, `SESSION_HOURS` at most."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

BEGAN, SEEN = "began", "seen"
PRECISION = 0.02  # of the idle time; a page would otherwise cost a write each time


@receiver(user_logged_in, dispatch_uid="beez.staff.sessions")
def _begin(request: HttpRequest, **_: object) -> None:
    request.session[BEGAN] = request.session[SEEN] = time.time()


class Ages:
    """Logs out whose session is too old, and lets that of the others live on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = request.path_info[1:] in settings.PROBES  # answered without a database
        cookie = settings.SESSION_COOKIE_NAME in request.COOKIES
        if cookie and not probe and request.user.is_authenticated:
            _age(request)
        return self.get_response(request)


def _age(request: HttpRequest) -> None:
    now, session = time.time(), request.session
    began, seen = session.get(BEGAN, 0.0), session.get(SEEN, 0.0)  # 0: of a version before
    idle = settings.SESSION_IDLE_MINUTES * 60
    if now - began > settings.SESSION_HOURS * 3600 or now - seen > idle:
        logout(request)
    elif now - seen > PRECISION * idle:
        session[SEEN] = now  # saved, with a new time to expire
