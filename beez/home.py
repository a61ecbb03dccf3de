"""The routes about the service itself: what it is, is it well, its documentation. No key needed."""

import re
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, get_resolver
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from classifier import live
from classifier.models import Tag


class ServiceResponse(serializers.Serializer[Any]):
    service = serializers.CharField()
    version = serializers.CharField()
    endpoints = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    model_loaded = serializers.BooleanField()


class HealthResponse(serializers.Serializer[Any]):
    status = serializers.CharField()
    model_loaded = serializers.BooleanField()


class ReadyResponse(serializers.Serializer[Any]):
    status = serializers.CharField()
    model_version = serializers.CharField()
    quick = serializers.BooleanField(
        help_text="A quick first version answers, made in seconds; the full one follows."
    )


class OpenView(APIView):
    """A view for which no key is needed, and a wrong one does no harm."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class Index(OpenView):
    @extend_schema(summary="The service", responses=ServiceResponse, tags=["service"])
    def get(self, request: Request) -> HttpResponseBase:
        """What this service is and offers. A browser gets a page."""
        tags = _tags()
        facts = {
            "service": "Beez",
            "version": settings.SPECTACULAR_SETTINGS["VERSION"],
            "endpoints": endpoints(),
            "tags": [tag.name for tag in tags],
            "model_loaded": live.is_loaded(),
        }
        if prefers_page(request._request):
            address = request.build_absolute_uri("/").rstrip("/")
            return render(request._request, "home.html", {**facts, "tags": tags, "at": address})
        return Response(facts, headers={"Vary": "Accept"})


def prefers_page(request: HttpRequest) -> bool:
    """A browser, by what it accepts; who takes anything gets JSON."""
    return request.get_preferred_type(["application/json", "text/html"]) == "text/html"


def _tags() -> list[Tag]:
    """Those that the live model gives, in order of stage; all where none is live."""
    rows = list(Tag.objects.all())
    known = live.tags()
    return [tag for tag in rows if tag.name in known] if known else rows


class Health(OpenView):
    @extend_schema(summary="Is the process alive?", responses=HealthResponse, tags=["service"])
    def get(self, request: Request) -> Response:
        """Asks no other part, so that a database that is away gets no process restarted."""
        return Response({"status": "healthy", "model_loaded": live.is_loaded()})


class Ready(OpenView):
    @extend_schema(summary="Can it answer?", responses=ReadyResponse, tags=["service"])
    def get(self, request: Request) -> Response:
        """503 until the database can be reached and a model is loaded."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        model = live.current()
        quick = "quick" in model.engine.manifest.metrics
        return Response({"status": "ready", "model_version": model.version_name, "quick": quick})


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from our own static files, with no inline script or style, as the CSP demands."""

    template_name = "docs.html"


class Schema(SpectacularJSONAPIView):
    pass


def endpoints() -> list[str]:
    """Every route as "METHOD /path", read from the URL configuration itself."""
    found = []
    for pattern in get_resolver().url_patterns:
        view = getattr(pattern.callback, "cls", None) if isinstance(pattern, URLPattern) else None
        if view is not None:
            route = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/{pattern.pattern}")
            methods = [name for name in ("get", "post", "patch", "delete") if hasattr(view, name)]
            found += [f"{method.upper()} {route}" for method in methods]
    return found
