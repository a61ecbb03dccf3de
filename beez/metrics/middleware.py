"""Outermost around every view: each request is counted, and told in a line where that is wished."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from beez.metrics import instruments, routes

access = logging.getLogger("beez.access")


class Measured:
    """Counts and times; with ACCESS_LOG writes a line that holds no path, query or body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        route, method = routes.of(request), routes.method(request)
        instruments.answered(
            route=route, method=method, status=response.status_code, seconds=seconds
        )
        if settings.ACCESS_LOG:
            _tell(request, route, method, response.status_code, seconds)
        return response


def _tell(request: HttpRequest, route: str, method: str, status: int, seconds: float) -> None:
    fields = {
        "route": route,
        "method": method,
        "status": status,
        "ms": round(1000 * seconds, 1),
        "key": getattr(getattr(request, "auth", None), "prefix", ""),  # as DRF leaves it there
    }
    text = "{method} {route} {status} {ms} ms {key}".format(**fields).rstrip()
    access.info(text, extra=fields)
