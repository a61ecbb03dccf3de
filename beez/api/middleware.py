"""Failures outside API views, in the one error shape: a body too large, a database gone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from beez.api import bodies, errors


class Failures:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not errors.is_admin(request):  # uploads there have Django's own limits
            if bodies.announced_too_large(request):
                return errors.respond(request, errors.BodyTooLarge())
            bodies.admit_unannounced(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if isinstance(exc, errors.DATABASE_ERRORS):
            return errors.respond(request, errors.DatabaseUnavailable())
        return None
