"""Who calls, and may they: `Authorization: Bearer <key>`, and one scope for each route."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from beez.api import keys, throttling
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
        keys.note_use(row)
        return ApiKeyCaller(row), row

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasScope(BasePermission):
    """The key has the view's `required_scope`: one name, or one for each method."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, ApiKey):
            raise NotAuthenticated(f"An API key is needed. {HOW}")
        scope: str | Mapping[str, str] | None = view.required_scope  # type: ignore[attr-defined]
        if isinstance(scope, Mapping):
            scope = scope.get(request.method or "")  # no entry: the method is answered with 405
        if scope is not None and scope not in request.auth.scopes:
            raise PermissionDenied(f"This API key lacks the scope '{scope}'.")
        return True
