"""Who calls, and may they: `Authorization: Bearer <key>`, and one scope for each route."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from beez.api import keys, last_use, throttling
from beez.api.models import ApiKey

if TYPE_CHECKING:  # DRF's views import this module, by its name in the settings
    from rest_framework.views import APIView

HOW = "Send an API key in the header 'Authorization: Bearer <key>'."


@dataclass(frozen=True)
class ApiKeyCaller:
    """What `request.user` is in the API: the holder of a key, not a staff account."""

    key: ApiKey
    is_authenticated: ClassVar[bool] = True

    @property
    def name(self) -> str:
        return self.key.name


class ApiKeyAuthentication(BaseAuthentication):
    """Sets `request.user` to an `ApiKeyCaller` and `request.auth` to the `ApiKey`."""

    def authenticate(self, request: Request) -> tuple[ApiKeyCaller, ApiKey] | None:
        scheme, _, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer" or not key.strip():
            raise AuthenticationFailed(f"The Authorization header is not understood. {HOW}")
        try:
            row = keys.verify(key.strip())
        except keys.InvalidKeyError as reason:
            throttling.failed_key(request._request)
            raise AuthenticationFailed(str(reason)) from None
        last_use.note(row)
        return ApiKeyCaller(row), row

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """The key has the view's `required_scope`: one name, or one for each method.

    HEAD and OPTIONS ask for what GET asks for; a method that is forgotten here is refused.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, ApiKey):
            raise NotAuthenticated(f"An API key is needed. {HOW}")
        method = request.method or ""
        if method not in view.allowed_methods:
            return True  # and is answered with 405, which tells no more than the page of the API
        scopes = _scopes(view.required_scope, method)  # type: ignore[attr-defined]
        if scopes.isdisjoint(request.auth.scopes):
            names = " or ".join(f"'{scope}'" for scope in sorted(scopes))
            raise PermissionDenied(f"This API key lacks the scope {names or 'of this method'}.")
        return True


def _scopes(required: str | Mapping[str, str], method: str) -> set[str]:
    """One of them is needed. OPTIONS of a route without GET: that of any of its methods."""
    if isinstance(required, str):
        return {required}
    asked = "GET" if method in ("HEAD", "OPTIONS") and "GET" in required else method
    if asked in required:
        return {required[asked]}
    return set(required.values()) if method == "OPTIONS" else set()
