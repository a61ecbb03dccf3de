"""Fields of requests that take a value exactly as it was sent, or refuse it."""

from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

_NOT_BLANK, _MAY_BE_BLANK = r"^[^\u0000]*[^\u0000\s][^\u0000]*$", r"^[^\u0000]*$"  # of JSON Schema


class StrictCharField(serializers.CharField):
    """Text only: no number is made text, nothing is trimmed away, blank is refused."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": "Must be a string."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if not self.allow_blank and not data.strip():
            self.fail("blank")
        return super().to_internal_value(data)


class StrictCharSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Says in the OpenAPI schema what `StrictCharField` refuses: NUL, and blank text."""

    target_class = StrictCharField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        found: dict[str, Any] = auto_schema._map_serializer_field(  # type: ignore[no-untyped-call]
            self.target, direction, bypass_extensions=True
        )
        if direction == "request":
            found["pattern"] = _MAY_BE_BLANK if self.target.allow_blank else _NOT_BLANK
        return found


class NumberField(serializers.FloatField):
    """A number of JSON: no text is made one, and no truth value."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            return float(data)
        except OverflowError:
            self.fail("invalid")


class TruthField(serializers.BooleanField):
    """true or false of JSON: no number and no text is made one."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data
