"""`GET /thresholds` and `PATCH /thresholds`: what decides now, and how a person changes it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, cast

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from beez.api import accepted
from beez.api.fields import NumberField, StrictCharField
from beez.api.models import ApiKey
from classifier import live, thresholds
from classifier.decision import in_force
from classifier.live import LiveModel
from classifier.models import ThresholdChange
from classifier.thresholds import ThresholdError

_SOURCES = ("model", "global", "tag")


class TagThreshold(serializers.Serializer[Any]):
    tag = serializers.CharField()
    threshold = serializers.FloatField(help_text="From this confidence on the tag is selected.")
    source = serializers.ChoiceField(choices=_SOURCES)  # type: ignore[assignment] # a field
    model_threshold = serializers.FloatField(help_text="What the model chose.")


class Thresholds(serializers.Serializer[Any]):
    threshold = serializers.FloatField(help_text="The global threshold.")
    source = serializers.ChoiceField(choices=_SOURCES[:2])  # type: ignore[assignment]
    model_threshold = serializers.FloatField(help_text="What the model chose for all tags.")
    tags = TagThreshold(many=True, help_text="In the order of the model.")
    model_version = serializers.CharField()


class ThresholdChanges(serializers.Serializer[Any]):
    """At least one change; null takes back what was set before."""

    threshold = NumberField(
        required=False,
        allow_null=True,
        help_text="Between 0 and 1: for every tag without a threshold of its own set by a person.",
    )
    thresholds = serializers.DictField(
        child=NumberField(allow_null=True), required=False, help_text="The same for single tags."
    )
    note = StrictCharField(
        max_length=ThresholdChange._meta.get_field("note").max_length,
        allow_blank=True,
        required=False,
        default="",
        help_text="Why; kept with the change.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        values: dict[str | None, float | None] = {**attrs.get("thresholds", {})}
        if "threshold" in attrs:
            values[None] = attrs["threshold"]
        if not values:
            raise ValidationError("Nothing to change: send threshold, thresholds or both.")
        return {"values": values, "note": attrs["note"]}


class ThresholdChangesSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Says in the OpenAPI schema that something must be changed, and between which values."""

    target_class = ThresholdChanges

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        shape: dict[str, Any] = auto_schema._map_serializer(  # type: ignore[no-untyped-call]
            self.target, direction, bypass_extensions=True
        )
        for number in (
            shape["properties"]["threshold"],
            shape["properties"]["thresholds"]["additionalProperties"],
        ):
            number |= {"minimum": 0, "maximum": 1}
            number |= {"exclusiveMinimum": True, "exclusiveMaximum": True}
        some = {"required": ["thresholds"], "properties": {"thresholds": {"minProperties": 1}}}
        return shape | {"anyOf": [{"required": ["threshold"]}, some]}


_ANSWER = {
    "threshold": 0.48,
    "source": "model",
    "model_threshold": 0.48,
    "tags": [
        {"tag": "Deal-seeker", "threshold": 0.4447, "source": "model", "model_threshold": 0.4447},
        {"tag": "Hot-buyer", "threshold": 0.6, "source": "tag", "model_threshold": 0.502},
    ],
    "model_version": "20260102-030405-3f9a1c",
}
_CHANGES = {"thresholds": {"Hot-buyer": 0.6, "Deal-seeker": None}, "note": "Fewer false alarms."}


class ThresholdsInForce(APIView):
    required_scope: ClassVar[Mapping[str, str]] = {"GET": "read", "PATCH": "configure"}

    @extend_schema(
        operation_id="show_thresholds",
        summary="The thresholds in force",
        responses=Thresholds,
        examples=[OpenApiExample("In force", _ANSWER)],
        tags=["classify"],
    )
    def get(self, request: Request) -> Response:
        accepted.query(request, accepted.Nothing)
        return Response(_answer(live.current()))

    @extend_schema(
        operation_id="change_thresholds",
        summary="Change thresholds without training",
        description="Every process decides by them within two seconds, and with later models too.",
        request=ThresholdChanges,
        responses=Thresholds,
        examples=[
            OpenApiExample("Set one, take one back", _CHANGES, request_only=True),
            OpenApiExample("In force after it", _ANSWER, response_only=True),
        ],
        tags=["classify"],
    )
    def patch(self, request: Request) -> Response:
        body = accepted.body(request, ThresholdChanges)
        model = live.current()  # 503 where there is none, before anything is stored
        try:
            thresholds.change(**body, actor=cast(ApiKey, request.auth).name)
        except ThresholdError as error:
            raise ValidationError(_fields(error)) from error
        return Response(_answer(model))


def _answer(model: LiveModel) -> dict[str, Any]:
    """By what is stored, which this process may not have followed yet."""
    found = in_force(model.engine.manifest, thresholds.overrides())
    overall = asdict(found.overall)
    del overall["tag"]
    return overall | {
        "tags": [asdict(row) for row in found.tags],
        "model_version": model.version_name,
    }


def _fields(error: ThresholdError) -> dict[str, Any]:
    tags = {tag: [text] for tag, text in error.problems.items() if tag is not None}
    overall = [text for tag, text in error.problems.items() if tag is None]
    return {name: said for name, said in (("threshold", overall), ("thresholds", tags)) if said}
