"""What the conversation routes accept: bodies and queries, each value checked strictly."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from beez.api.fields import StrictCharField
from classifier.fields import Instant, MessageField
from classifier.models import Tag
from conversations.conditions import NO_TAG
from conversations.converters import why_not_addressable
from conversations.models import Review

PAGE, LARGEST_PAGE = 50, 200
MESSAGES, MOST_MESSAGES = 200, 1_000
LARGEST_POSITION = 2**31 - 1
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(days=1)


@extend_schema_field(OpenApiTypes.DATETIME)
class SentAt(StrictCharField):
    """When a customer sent a message: an ISO 8601 time with its offset, within reason."""

    def to_internal_value(self, data: Any) -> datetime:  # type: ignore[override] # a parsed string
        text = super().to_internal_value(data)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise serializers.ValidationError(
                "Not an ISO 8601 time with its offset like 2026-01-31T12:00:00+01:00 or …Z."
            )
        if not EARLIEST <= moment <= timezone.now() + CLOCKS_DIFFER:
            raise serializers.ValidationError(
                f"Before {EARLIEST.year} or more than a day ahead. Is the caller's clock right?"
            )
        return moment


class ConversationIdField(StrictCharField):
    """The id of a conversation, or of a customer, by which it can be read and erased later."""

    def to_internal_value(self, data: Any) -> str:
        conversation_id = super().to_internal_value(data)
        if reason := why_not_addressable(conversation_id):
            raise serializers.ValidationError(reason)
        return conversation_id


class ConversationMessage(serializers.Serializer[Any]):
    """A customer message to add to a conversation."""

    conversation_id = ConversationIdField(
        max_length=255,
        help_text="Any text that a path can carry: no '/' at an end, no part '.' or '..', and not "
        "like the path of a correction.",
    )
    message = MessageField()
    message_id = StrictCharField(
        max_length=255,
        required=False,
        allow_null=True,
        help_text="Makes the request idempotent: the same id with the same message gives the "
        "stored answer again, with another message 409.",
    )
    customer_id = ConversationIdField(
        max_length=255,
        required=False,
        allow_null=True,
        help_text="Whose conversation it is, by your own number for the customer, so that all of a "
        "customer's can be read and erased at once. The first one given stays; another one is 409.",
    )
    sent_at = SentAt(
        required=False,
        allow_null=True,
        help_text="When the customer sent it, with the offset. Kept and shown; the order of "
        "arrival stays what counts. A repeat with the same message_id changes it no more.",
    )


class CorrectionBody(serializers.Serializer[Any]):
    """The tags that a message has in truth; empty for none."""

    tags = serializers.ListField(child=StrictCharField(max_length=64), max_length=100)
    note = StrictCharField(
        max_length=Review._meta.get_field("note").max_length,
        allow_blank=True,
        required=False,
        default="",
    )


class ListQuery(serializers.Serializer[Any]):
    """Which conversations to list."""

    tag = serializers.CharField(required=False, help_text="Whose current tag is this one.")
    switched = serializers.ChoiceField(
        choices=["true", "false"], required=False, help_text="Whether the tag ever switched."
    )
    review = serializers.ChoiceField(
        choices=["true", "false"],
        required=False,
        help_text="Whether a message asks for review: the model was unsure, nobody looked at it.",
    )
    reviewed = serializers.ChoiceField(
        choices=["true", "false"],
        required=False,
        help_text="Whether a person's word holds for a message.",
    )
    corrected = serializers.ChoiceField(
        choices=["true", "false"],
        required=False,
        help_text="Whether such a word differs from what the model said.",
    )
    was = serializers.CharField(
        required=False, help_text="That has, or once had, this tag; with `later`, the earlier one."
    )
    later = serializers.CharField(
        required=False,
        help_text="With `was`: that had this tag, or `none` for no tag, at a later message, not "
        "only at the next. The same tag twice: that left it and came back to it.",
    )
    customer_id = serializers.CharField(
        required=False, max_length=255, help_text="Of this customer."
    )
    since = Instant(end=False, required=False, help_text="Updated at this date or time, or later.")
    until = Instant(end=True, required=False, help_text="Updated by then; a date counts in full.")
    sent_since = Instant(
        end=False,
        required=False,
        help_text="With a message whose sent_at is this date or time, or later.",
    )
    sent_until = Instant(
        end=True,
        required=False,
        help_text="With a message whose sent_at is no later; with both, one between them.",
    )
    cursor = serializers.CharField(
        required=False, max_length=200, help_text="`next` of the page before."
    )
    limit = serializers.IntegerField(default=PAGE, min_value=1, max_value=LARGEST_PAGE)

    def validate_tag(self, name: str) -> str:
        if not Tag.objects.filter(name=name).exists():
            raise serializers.ValidationError(f"There is no tag {name!r}.")
        return name

    validate_was = validate_tag

    def validate_later(self, name: str) -> str:
        return name if name == NO_TAG else self.validate_tag(name)

    def validate_switched(self, value: str) -> bool:
        return value == "true"

    validate_review = validate_reviewed = validate_corrected = validate_switched

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "later" in attrs and "was" not in attrs:
            raise serializers.ValidationError({"later": "Later than what? Say that too, by `was`."})
        return attrs


class HistoryQuery(serializers.Serializer[Any]):
    """Which of a conversation's messages to show."""

    after = serializers.IntegerField(
        default=0, min_value=0, max_value=LARGEST_POSITION, help_text="Messages past this position."
    )
    limit = serializers.IntegerField(default=MESSAGES, min_value=1, max_value=MOST_MESSAGES)


class CustomerQuery(serializers.Serializer[Any]):
    """Which part of what is stored about a customer to show."""

    cursor = serializers.RegexField(
        r"^[0-9]{1,18}\.[0-9]{1,9}$",
        required=False,
        help_text="`next` of the page before.",
        error_messages={"invalid": "Not a cursor that this service gave."},
    )
    limit = serializers.IntegerField(
        default=MESSAGES, min_value=1, max_value=MOST_MESSAGES, help_text="Messages on a page."
    )
