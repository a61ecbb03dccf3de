"""A name for each request, `X-Request-ID`: in its answer, in its log lines, in the jobs it sends.

A caller's own is kept where it is a plain word, so that one name leads through several services.
"""

import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
_META = "HTTP_X_REQUEST_ID"  # as WSGI has it; `request.headers` is made of all headers first
_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")

current: ContextVar[str] = ContextVar("request_id", default="")  # empty outside requests and jobs
job: ContextVar[str] = ContextVar("job", default="")  # the name of the job that this thread does


def new() -> str:
    return uuid.uuid4().hex


def sane(name: str | None) -> str | None:
    """`name` if it is fit for a log line; None otherwise."""
    return name if name and _SANE.fullmatch(name) else None


class Named:
    """The outermost middleware, so that whatever is logged of a request has its name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = sane(request.META.get(_META)) or new()
        token = current.set(name)
        try:
            response = self.get_response(request)
        finally:
            current.reset(token)
        response[HEADER] = name
        return response
