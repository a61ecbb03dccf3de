"""`GET /metrics`: for Prometheus, in its text format."""

import hmac
from typing import ClassVar

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST
from rest_framework.authentication import get_authorization_header
from rest_framework.request import Request
from rest_framework.views import APIView

from beez.api.authentication import ApiKeyAuthentication, ApiKeyCaller
from beez.api.models import ApiKey
from beez.metrics import instruments
from beez.status import figures


class TokenOrKey(ApiKeyAuthentication):
    """METRICS_TOKEN, which needs no database; or an API key, as everywhere."""

    def authenticate(self, request: Request) -> tuple[ApiKeyCaller, ApiKey] | None:
        wanted = f"Bearer {settings.METRICS_TOKEN}".encode()
        given = get_authorization_header(request)
        if settings.METRICS_TOKEN and hmac.compare_digest(given, wanted):
            key = ApiKey(name="METRICS_TOKEN", scopes=[Metrics.required_scope])
            return ApiKeyCaller(key), key
        return super().authenticate(request)


class Metrics(APIView):
    required_scope: ClassVar[str] = "read"
    authentication_classes = (TokenOrKey,)
    throttle_classes = ()  # a monitor asks evenly, and blind is no state to limit it to

    @extend_schema(
        operation_id="show_metrics",
        summary="Figures for Prometheus",
        auth=[{"ApiKey": []}],  # type: ignore[list-item]  # as OpenAPI has it
        description="In the text format of Prometheus; docs/monitoring.md explains each.",
        responses={(200, "text/plain"): OpenApiTypes.STR},
        tags=["service"],
    )
    def get(self, request: Request) -> HttpResponse:
        """What the processes counted is told while Postgres is away, too."""
        return HttpResponse(instruments.told() + figures.told(), content_type=CONTENT_TYPE_LATEST)
