"""One request as a call of a WSGI application, and its answer."""

import io
import logging
import sys
from contextlib import suppress
from types import TracebackType
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from granian.rsgi import HTTPProtocol, ProtocolClosed, ProtocolError, Scope
from rest_framework.exceptions import APIException

from beez.api.middleware import REFUSAL
from beez.web import heads

logger = logging.getLogger(__name__)

FAILED = (
    b'{"error": {"code": "internal_error", "message": '
    b'"Something went wrong on our side. It has been logged.", "fields": {}}}'
)


def answer(
    application: WSGIApplication,
    scope: Scope,
    proto: HTTPProtocol,
    body: bytes,
    refusal: APIException | None = None,
) -> None:
    """Runs in a thread. A `refusal` is answered in place of the request."""
    try:
        status, headers, content = _call(application, _environ(scope, body, refusal))
    except Exception:  # Django answers its own
        logger.exception("The application failed")
        status, headers, content = 500, [("Content-Type", "application/json")], FAILED
    with suppress(ProtocolClosed, ProtocolError):  # gone, or answered since, as a late probe is
        proto.response_bytes(status, headers, content)


def _call(
    application: WSGIApplication, environ: dict[str, Any]
) -> tuple[int, list[tuple[str, str]], bytes]:
    started: list[Any] = []

    def start_response(
        status: str,
        headers: list[tuple[str, str]],
        exc_info: tuple[type[BaseException], BaseException, TracebackType] | Any = None,
    ) -> Any:
        started[:] = [int(status.split(" ", 1)[0]), headers]

    start: StartResponse = start_response
    response = application(environ, start)
    try:
        content = b"".join(response)
    finally:
        if hasattr(response, "close"):
            response.close()
    return started[0], started[1], content


def _environ(scope: Scope, body: bytes, refusal: APIException | None) -> dict[str, Any]:
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),  # as WSGI wants bytes
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    headers = scope.headers.items()
    for name, value in headers:
        _add(environ, name, value)
    environ["CONTENT_LENGTH"] = str(len(body))
    if refusal := refusal or heads.refusal(scope, headers):
        environ[REFUSAL] = refusal
    return environ


def _add(environ: dict[str, Any], name: str, value: str) -> None:
    """A name with an underscore could pass for another one with a hyphen, so it is left out."""
    if "_" in name or name in ("content-length", "transfer-encoding"):
        return
    key = "CONTENT_TYPE" if name == "content-type" else f"HTTP_{name.upper().replace('-', '_')}"
    if key in environ:
        value = f"{environ[key]}{';' if name == 'cookie' else ','}{value}"
    environ[key] = value
