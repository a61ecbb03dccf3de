"""Requests to the staff pages that nothing can be made of: 400 with a sentence, never a 500."""

import logging
from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import ParseError

from beez.api import errors
from beez.api.logs import kind

logger = logging.getLogger(__name__)

NUL = "\0"
SENTENCE = "This address or form could not be read. Go back and try again."


class Readable:
    """Middleware. Postgres has no NUL; lists pass what the address says on to it unchecked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if errors.is_admin(request) and _has_nul(request):
            return errors.respond(request, ParseError(SENTENCE))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if not isinstance(exc, DataError | OverflowError | ValueError) or not _asked(request):
            return None
        logger.warning("Unreadable request to %s: %s", request.path_info, kind(exc))
        return errors.respond(request, ParseError(SENTENCE))


def _has_nul(request: HttpRequest) -> bool:
    return NUL in request.path_info or any(
        NUL in text for name, values in request.GET.lists() for text in (name, *values)
    )


def _asked(request: HttpRequest) -> bool:
    """The request says something that can be wrong: a list's parameters, or a form with a NUL."""
    if not errors.is_admin(request):
        return False
    match = request.resolver_match
    is_list = match is not None and (match.url_name or "").endswith("_changelist")
    posted = (text for name, values in request.POST.lists() for text in (name, *values))
    return (is_list and bool(request.GET or request.POST)) or any(NUL in text for text in posted)
