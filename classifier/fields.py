"""Fields of requests about messages and times."""

import re
from datetime import datetime, time
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from beez.api.fields import StrictCharField

_LOST_PLUS = re.compile(r"(:\d\d\S*) (\d\d(?::?\d\d)?)$")


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
