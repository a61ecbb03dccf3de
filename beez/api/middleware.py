"""Around every view: failures outside API views in the one error shape, probes under any host."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware

from beez.api import bodies, errors

REFUSAL = "beez.refusal"  # in the environ: what `beez.web` answers in place of the request


class Failures:
    """What was refused before, a body too large, a database gone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if refusal := request.META.get(REFUSAL):
            return errors.respond(request, refusal)
        if bodies.announced_too_large(request):
            return errors.respond(request, errors.BodyTooLarge())
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if isinstance(exc, errors.DATABASE_ERRORS):
            return errors.respond(request, errors.database_failure(exc))
        return None


class CommonButForProbes(CommonMiddleware):
    """Django's, which checks the Host header; Kubernetes asks a pod by an IP that none can list."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        if request.path_info[1:] in settings.PROBES:
            return None
        return super().process_request(request)
