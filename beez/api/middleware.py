"""Failures outside API views, in the one error shape: a body too large, a database gone."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from beez.api import errors


class Failures:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _too_large(request):
            return errors.respond(request, errors.BodyTooLarge(_limit()))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if isinstance(exc, errors.DATABASE_ERRORS):
            return errors.respond(request, errors.DatabaseUnavailable())
        return None


def _too_large(request: HttpRequest) -> bool:
    """By the announced length, before a byte is read: DRF's parsers know no limit.

    A body without a length is none to Django, so nothing slips by. Uploads in the admin have
    Django's own limits.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    too_large = length.isdigit() and (len(length) > 18 or int(length) > limit)
    return too_large and not errors.is_admin(request)


def _limit() -> str:
    size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return f"The request body is larger than {size} bytes (MAX_BODY_BYTES)."
