"""What `POST /bulk-jobs` takes: a list in JSON, or a message a line; each checked as elsewhere."""

import io
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError

from beez.api.fields import StrictCharField
from beez.api.parsing import Utf8JsonParser
from classifier.fields import MessageField

LONGEST_ID = 255
MOST_PROBLEMS = 10  # of single messages, in one answer


class LinesParser(Utf8JsonParser):
    """JSON lines: each a text or an object, as in the list of a JSON body. Empty ones count not."""

    media_type = "application/x-ndjson"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return {"messages": [*self._values(stream.read())]}

    def _values(self, body: bytes) -> Iterator[Any]:
        for number, line in enumerate(body.split(b"\n"), start=1):
            if line.strip():
                try:
                    yield super().parse(io.BytesIO(line))
                except ParseError as error:
                    raise ParseError(f"Line {number}: {error.detail}") from None


class JsonlParser(LinesParser):
    """The same under its other name."""

    media_type = "application/jsonl"


class BulkMessage(serializers.Serializer[Any]):
    """A message with the caller's own id for it."""

    id = StrictCharField(
        max_length=LONGEST_ID,
        required=False,
        allow_null=True,
        help_text="Comes back beside the answer. It need not be unique.",
    )
    message = MessageField(help_text="What the customer wrote.")


class BulkMessages(serializers.Field[Any, Any, Any, Any]):
    """One to `BULK_JOB_MESSAGES` texts or `BulkMessage`s, as (id or None, text)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._text, self._id = MessageField(), StrictCharField(max_length=LONGEST_ID)

    def to_internal_value(self, data: Any) -> list[tuple[str | None, str]]:
        if not isinstance(data, list):
            raise ValidationError("Must be a list of messages.")
        most = settings.BULK_JOB_MESSAGES
        if not 1 <= len(data) <= most:
            raise ValidationError(
                f"{len(data)} messages; a job has 1 to {most} (BULK_JOB_MESSAGES)."
            )
        found: list[tuple[str | None, str]] = []
        problems: dict[str, Any] = {}
        for at, value in enumerate(data):
            try:
                found.append(self._item(value))
            except ValidationError as error:
                problems[str(at)] = error.detail
                if len(problems) == MOST_PROBLEMS:
                    break
        if problems:
            raise ValidationError(problems)
        return found

    def _item(self, value: Any) -> tuple[str | None, str]:
        if isinstance(value, str):
            return None, self._text.run_validation(value)
        if (
            not isinstance(value, dict)
            or "message" not in value
            or value.keys() - {"id", "message"}
        ):
            raise ValidationError('Must be a text, or {"id": …, "message": …}.')
        identifier = value.get("id")
        if identifier is not None:
            identifier = self._checked(self._id, identifier, "id")
        return identifier, self._checked(self._text, value["message"], "message")

    def _checked(self, field: StrictCharField, value: Any, name: str) -> str:
        try:
            return str(field.run_validation(value))
        except ValidationError as error:
            raise ValidationError({name: error.detail}) from None


class BulkMessagesSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A text or an object, each with the limits of its fields."""

    target_class = BulkMessages

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        text = auto_schema._map_serializer_field(MessageField(), direction)  # type: ignore[no-untyped-call]
        message = auto_schema.resolve_serializer(BulkMessage, direction).ref
        return {
            "type": "array",
            "items": {"anyOf": [{**text, "maxLength": settings.MAX_MESSAGE_LENGTH}, message]},
            "minItems": 1,
            "maxItems": settings.BULK_JOB_MESSAGES,
        }


class NewBulkJob(serializers.Serializer[Any]):
    messages = BulkMessages(
        help_text="Texts, or objects with the caller's id; each is classified by itself."
    )
