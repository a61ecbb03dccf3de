"""Fields of requests that take a value exactly as it was sent, or refuse it."""

import re
from datetime import datetime, time
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

_NOT_BLANK, _MAY_BE_BLANK = r"^[^\u0000]*[^\u0000\s][^\u0000]*$", r"^[^\u0000]*$"  # of JSON Schema
_LOST_PLUS = re.compile(r"(:\d\d\S*) (\d\d(?::?\d\d)?)$")


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


class MessageField(StrictCharField):
    """A customer's message: not blank, at most `MAX_MESSAGE_LENGTH` characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": settings.MAX_MESSAGE_LENGTH, **kwargs})


class MessageListField(serializers.ListField):
    """One to `MAX_BATCH_SIZE` messages, of `MAX_BATCH_CHARACTERS` together."""

    def __init__(self, **kwargs: Any) -> None:
        limits = {"allow_empty": False, "min_length": 1, "max_length": settings.MAX_BATCH_SIZE}
        super().__init__(**{"child": MessageField(), **limits, **kwargs})

    def to_internal_value(self, data: Any) -> list[str]:
        messages: list[str] = super().to_internal_value(data)
        characters, most = sum(map(len, messages)), settings.MAX_BATCH_CHARACTERS
        if characters > most:
            raise serializers.ValidationError(
                f"Together {characters} characters, more than the {most} that are taken at once "
                "(MAX_BATCH_CHARACTERS). Send them in several requests."
            )
        return messages


@extend_schema_field(
    {"oneOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
)
class Instant(serializers.CharField):
    """An ISO 8601 date or time. A date means its first moment, or its last one; see `end`.

    In a query, a `+` that is not written `%2B` arrives as a blank: it counts as the plus.
    """

    def __init__(self, *, end: bool, **options: Any) -> None:
        self.clock = time.max if end else time.min
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> datetime:  # type: ignore[override] # a parsed string
        text = _LOST_PLUS.sub(r"\1+\2", super().to_internal_value(data))
        try:
            day = parse_date(text)
            moment = datetime.combine(day, self.clock) if day else parse_datetime(text)
            if moment is not None:
                return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
        except (ValueError, OverflowError):
            pass
        raise serializers.ValidationError(
            "Not an ISO 8601 date or time like 2026-01-31 or 2026-01-31T12:00:00Z."
        )
