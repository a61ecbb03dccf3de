"""Who is at work in this thread: the request that it answers, if it answers one."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from beez.api import addresses
from beez.api.models import ApiKey
from beez.audit.models import AuditEntry

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)
SYSTEM = "Beez"


@dataclass(frozen=True, kw_only=True)
class Caller:
    kind: AuditEntry.Kind
    name: str
    id: str = ""
    address: str | None = None


class Remembered:
    """Middleware: keeps the request where `current` finds it, and forgets it with the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


def current(actor: str = "") -> Caller:
    """The key or the account that asks; without a request a job or command, called `actor`."""
    request = _request.get()
    if request is None:
        return Caller(kind=AuditEntry.Kind.SYSTEM, name=actor or SYSTEM)
    key, user = getattr(request, "auth", None), getattr(request, "user", None)
    where = _known(addresses.client(request))
    if isinstance(key, ApiKey):  # the API's authentication sets it on the request
        return Caller(kind=AuditEntry.Kind.KEY, name=key.name, id=key.prefix, address=where)
    if user is not None and user.is_authenticated:
        name = user.get_username()
        return Caller(kind=AuditEntry.Kind.STAFF, name=name, id=str(user.pk), address=where)
    return Caller(kind=AuditEntry.Kind.SYSTEM, name=actor or SYSTEM, address=where)


def _known(address: str) -> str | None:
    return None if address == addresses.UNKNOWN else address
