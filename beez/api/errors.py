"""One shape for every error: `{"error": {"code", "message", "fields"}}`.

API views come here through DRF's `EXCEPTION_HANDLER`, everything else through Django's error
handlers and `beez.middleware`. Staff in `/admin/` keep Django's pages.
"""

import logging
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    UnreadablePostError,
)
from django.shortcuts import render
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from beez.api import bodies
from beez.api.logs import kind, sqlstate, told
from beez.api.parsing import OrjsonRenderer

logger = logging.getLogger(__name__)

DATABASE_ERRORS = (OperationalError, InterfaceError)


class Unavailable(exceptions.APIException):
    """503: a part that Beez needs is not there; try again in `retry_after` seconds."""

    status_code = 503
    default_code = "unavailable"
    default_detail = "Beez is not ready. Try again in a moment."
    retry_after: ClassVar[int] = 5


class DatabaseUnavailable(Unavailable):
    default_detail = "The database cannot be reached or is overloaded. Try again in a moment."


class Busy(Unavailable):
    """503: all places are taken, and others wait for one already, or have waited too long."""

    default_code = "busy"
    default_detail = "Beez is busy with other requests. Try again in a moment."
    retry_after = 2


class SlowBody(exceptions.APIException):
    """408: the body has not come in time."""

    status_code = 408
    default_code = "body_too_slow"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The request body has not come within {seconds:.0f} seconds (CLIENT_SECONDS)."
        )


class DatabaseBusy(DatabaseUnavailable):
    """503: the database is there, but others hold what the request needs, or it has much to do."""

    default_code = "busy"
    default_detail = (
        "The database was not done in time: others hold the same rows, or it has too much to do. "
        "Nothing was stored. Try again in a moment."
    )
    retry_after = 1


class StorageFull(DatabaseUnavailable):
    default_code = "storage_full"
    default_detail = "The database has no room left. Nothing was stored. Try again later."
    retry_after = 60


class Conflict(exceptions.APIException):
    """409: the request contradicts what is stored already."""

    status_code = 409
    default_code = "conflict"
    default_detail = "The request contradicts what is stored already."


class BodyTooLarge(exceptions.APIException):
    """413: the body is larger than `MAX_BODY_BYTES`."""

    status_code = 413
    default_code = "body_too_large"

    def __init__(self) -> None:
        super().__init__(
            f"The request body is larger than {bodies.limit()} bytes (MAX_BODY_BYTES)."
        )


class LineTooLong(exceptions.APIException):
    """414: path and query are too long."""

    status_code = 414
    default_code = "line_too_long"

    def __init__(self, most: int) -> None:
        super().__init__(f"Path and query together are longer than {most} characters.")


class HeadersTooLarge(exceptions.APIException):
    """431: too many headers, or too much in them."""

    status_code = 431
    default_code = "headers_too_large"

    def __init__(self, names: int, most: int) -> None:
        super().__init__(f"There are more than {names} headers, or more than {most} bytes in them.")


class InternalError(exceptions.APIException):
    """500: a fault of ours; details are in the log and nowhere else."""

    default_code = "internal_error"
    default_detail = "Something went wrong on our side. It has been logged."


_BY_SQLSTATE: dict[str | None, type[Unavailable]] = {
    "55P03": DatabaseBusy,  # lock_not_available: lock_timeout
    "57014": DatabaseBusy,  # query_canceled: statement_timeout
    "40P01": DatabaseBusy,  # deadlock_detected
    "53100": StorageFull,  # disk_full
    "53400": StorageFull,  # configuration_limit_exceeded: temp_file_limit
}


def handle(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: any exception of an API view as a response in the one shape."""
    set_rollback()
    known = _as_api_exception(exc)
    if known is None:
        logger.error("Unexpected %s in %s", kind(exc), _view_name(context), exc_info=exc)
        known = InternalError()
    elif isinstance(known, Unavailable) and not isinstance(known, DatabaseUnavailable):
        logger.warning("503 in %s: %s", _view_name(context), known.detail)
    if "request" in context:  # whatever the view renders, its errors are JSON
        context["request"].accepted_renderer = OrjsonRenderer()
        context["request"].accepted_media_type = OrjsonRenderer.media_type
    return Response(_body(known), status=known.status_code, headers=_headers(known))


def respond(request: HttpRequest, exc: exceptions.APIException) -> HttpResponse:
    """The answer outside API views: JSON, or a page for staff in `/admin/`."""
    if is_admin(request):
        page: HttpResponse = render(
            request, "error.html", {"message": exc.detail}, status=exc.status_code
        )
        for name, value in _headers(exc).items():
            page[name] = value
        return page
    return JsonResponse(_body(exc), status=exc.status_code, headers=_headers(exc))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if is_admin(request) and not isinstance(exception, RequestDataTooBig):
        return defaults.bad_request(request, exception)
    return respond(request, _as_api_exception(exception) or _malformed())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if is_admin(request):
        return defaults.permission_denied(request, exception)
    return respond(request, exceptions.PermissionDenied())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if is_admin(request):
        return defaults.page_not_found(request, exception)
    return respond(request, exceptions.NotFound("There is no such route. GET / lists them all."))


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Django's last resort; a database that went away in a middleware ends here too."""
    exc = sys.exc_info()[1]
    if isinstance(exc, DATABASE_ERRORS):
        return respond(request, database_failure(exc))
    if is_admin(request):
        return defaults.server_error(request)
    return respond(request, InternalError())


def _as_api_exception(exc: Exception) -> exceptions.APIException | None:  # noqa: PLR0911 - a table
    match exc:
        case exceptions.APIException():
            return exc
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case RequestDataTooBig():
            return BodyTooLarge()
        case DisallowedHost():
            return _malformed("This host name is not served here (ALLOWED_HOSTS).")
        case SuspiciousOperation() | BadRequest() | UnreadablePostError():
            return _malformed()
        case OperationalError() | InterfaceError():
            return database_failure(exc)
    return None


def database_failure(exc: Exception) -> Unavailable:
    """Logs it in one line, and gives what a caller is told, by Postgres's code of the error."""
    logger.error("Database unavailable: %s", told(exc), extra={"outage": True})
    return _BY_SQLSTATE.get(sqlstate(exc), DatabaseUnavailable)()


def _malformed(message: str = "The request is malformed.") -> exceptions.ParseError:
    return exceptions.ParseError(message)


def _body(exc: exceptions.APIException) -> dict[str, Any]:
    fields = _sentences(exc.detail)
    general = " ".join(fields.pop("", []))
    field, sentences = next(iter(fields.items()), ("", [""]))
    message = general or f"{field}: {sentences[0]}"
    return {"error": {"code": _code(exc), "message": message, "fields": fields}}


def _sentences(detail: Any, path: str = "") -> dict[str, list[str]]:
    """DRF's nested error details as `{"messages.3.text": [sentence, …]}`; general ones under ""."""
    if isinstance(detail, str):
        return {path: [str(detail)]}
    if isinstance(detail, Sequence) and all(isinstance(part, str) for part in detail):
        return {path: [str(part) for part in detail]} if detail else {}
    found: dict[str, list[str]] = {}
    parts = detail.items() if isinstance(detail, Mapping) else enumerate(detail)
    for name, part in parts:
        inner = path if name == api_settings.NON_FIELD_ERRORS_KEY else f"{path}.{name}".strip(".")
        for key, sentences in _sentences(part, inner).items():
            found.setdefault(key, []).extend(sentences)
    return found


def _code(exc: exceptions.APIException) -> str:
    return str(getattr(exc.detail, "code", None) or exc.default_code)


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers: dict[str, str] = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    wait = getattr(exc, "retry_after", None) or getattr(exc, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return headers


def is_admin(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin/")


def _view_name(context: Mapping[str, Any]) -> str:
    return type(context.get("view")).__qualname__
