"""`GET /models` and `GET /models/live`: which versions there are, and which was live when."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from beez.api import accepted, paging
from beez.api.instants import instant
from beez.api.paging import NewestFirst
from classifier import registry
from classifier.fields import Instant
from classifier.models import Activation, ModelVersion

Shape = serializers.Serializer[Any]


class ActivationShape(Shape):
    at = serializers.DateTimeField(help_text="Since when the version was live.")
    actor = serializers.CharField(allow_blank=True, help_text="Who, or which training run.")
    reason = serializers.CharField(allow_blank=True)
    rollback = serializers.BooleanField(help_text="Went back to an earlier version.")


class ModelShape(Shape):
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    live = serializers.BooleanField()
    pruned_at = serializers.DateTimeField(
        allow_null=True, help_text="When its files were removed to save space; its record stays."
    )
    base_model = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    threshold = serializers.FloatField()
    micro_f1 = serializers.FloatField(
        allow_null=True, help_text="On messages held out of its training; null: not measured."
    )
    activations = ActivationShape(many=True, help_text="The newest first; empty: never live.")


class ModelPage(Shape):
    models = ModelShape(many=True)
    next = serializers.CharField(allow_null=True)


class LiveThen(ActivationShape):
    name = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True, help_text="Null: it still is.")


class ModelsQuery(NewestFirst):
    """Which page of the versions."""


class LiveQuery(Shape):
    at = Instant(end=True, required=False, help_text="A date means its end. Default: now.")


_AT = "2026-01-31T12:00:00Z"
_ACTIVATION = {
    "at": _AT,
    "actor": "training run 7",
    "reason": "Activated: no worse than the live version.",
    "rollback": False,
}
_MODEL = {
    "name": "20260131-113005-3f9a",
    "created_at": _AT,
    "live": True,
    "pruned_at": None,
    "base_model": "all-MiniLM-L6-v2",
    "tags": ["First-time-visitor", "Window-shopper", "Wishlist-user", "Deal-seeker", "Hot-buyer"],
    "threshold": 0.57,
    "micro_f1": 0.9256,
    "activations": [_ACTIVATION],
}


class Models(APIView):
    required_scope: ClassVar[str] = "read"

    @extend_schema(
        operation_id="list_models",
        summary="The model versions",
        parameters=[ModelsQuery],
        responses=ModelPage,
        examples=[OpenApiExample("A page", {"models": [_MODEL], "next": None})],
        tags=["models"],
    )
    def get(self, request: Request) -> Response:
        """The newest first, each with when it was made live, by whom and why."""
        query = accepted.query(request, ModelsQuery)
        versions = ModelVersion.objects.prefetch_related("activations")
        page, cursor = paging.page(versions, query)
        live = registry.live_version()
        models = [_model(version, live=version == live) for version in page]
        return Response({"models": models, "next": cursor})


class ModelLiveAt(APIView):
    required_scope: ClassVar[str] = "read"

    @extend_schema(
        operation_id="model_live_at",
        summary="Which model was live at a moment",
        parameters=[LiveQuery],
        responses=LiveThen,
        examples=[OpenApiExample("Live", {**_ACTIVATION, "name": _MODEL["name"], "until": None})],
        tags=["models"],
    )
    def get(self, request: Request) -> Response:
        """Since when and until when it was live, who made it so and why."""
        moment = accepted.query(request, LiveQuery).get("at") or timezone.now()
        if (activation := registry.live_at(moment)) is None:
            raise NotFound(f"No model was live at {moment.isoformat()}.")
        until = instant(registry.replaced_at(activation))
        return Response(
            {"name": activation.version.name, **_activation(activation), "until": until}
        )


def _model(version: ModelVersion, *, live: bool) -> dict[str, Any]:
    return {
        "name": version.name,
        "created_at": instant(version.created_at),
        "live": live,
        "pruned_at": instant(version.pruned_at),
        "base_model": version.base_model,
        "tags": version.tags,
        "threshold": version.threshold,
        "micro_f1": version.micro_f1,
        "activations": [_activation(one) for one in version.activations.all()],
    }


def _activation(activation: Activation) -> dict[str, Any]:
    return {
        "at": instant(activation.created_at),
        "actor": activation.actor,
        "reason": activation.reason,
        "rollback": activation.restores_id is not None,
    }
