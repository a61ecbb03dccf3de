"""What the webhook routes take and answer."""

from typing import Any

from rest_framework import serializers

from beez.api.fields import StrictCharField, TruthField
from beez.api.paging import NewestFirst
from beez.webhooks.models import Kind, WebhookDelivery

Shape = serializers.Serializer[Any]


class Choices(serializers.ListField):
    """Of names, each once; which there are is checked by `endpoints`."""

    child: Any = StrictCharField(max_length=100)

    def to_internal_value(self, data: Any) -> list[str]:
        return list(dict.fromkeys(super().to_internal_value(data)))


class Events(Choices):
    child = serializers.ChoiceField(choices=Kind.values)

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_empty": False, "min_length": 1, **options})


class WebhookChanges(Shape):
    """What is left out stays as it is."""

    url = StrictCharField(max_length=2000, required=False, help_text="https://…")
    name = StrictCharField(
        max_length=100, allow_blank=True, required=False, help_text="What it is for."
    )
    events = Events(source="kinds", required=False)
    tags = Choices(
        required=False, help_text="Only events with one of these tags; empty or left out: all."
    )
    with_text = TruthField(required=False, help_text="Send the customer's message too.")
    enabled = TruthField(required=False)


class NewWebhook(WebhookChanges):
    """`url` and `events` are needed."""

    url = StrictCharField(max_length=2000, help_text="https://…")
    events = Events(source="kinds")
    enabled = None  # type: ignore[assignment]  # a new one is


class Webhook(Shape):
    id = serializers.IntegerField()
    url = serializers.CharField()
    name = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    with_text = serializers.BooleanField()
    enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_success_at = serializers.DateTimeField(allow_null=True)
    last_failure_at = serializers.DateTimeField(allow_null=True)
    waiting = serializers.IntegerField(help_text="Deliveries on their way.")
    dead = serializers.IntegerField(help_text="Dead letters, which can be replayed.")


class WebhookWithSecret(Webhook):
    secret = serializers.CharField(help_text="Shown this once.")


class WebhookList(Shape):
    webhooks = Webhook(many=True)


class Secret(Shape):
    secret = serializers.CharField(help_text="Shown this once; the old one signs too for a day.")


class Attempt(Shape):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    seconds = serializers.FloatField()
    status = serializers.IntegerField(allow_null=True, help_text="Null: no answer came.")
    outcome = serializers.CharField()


class Delivery(Shape):
    id = serializers.IntegerField()
    webhook_id = serializers.CharField(help_text="The header `webhook-id` of all its attempts.")
    type = serializers.CharField()
    conversation_id = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=WebhookDelivery.State.values)
    queued_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="Of the next attempt.")
    ended_at = serializers.DateTimeField(allow_null=True)
    attempts = Attempt(many=True, help_text="The newest first.")


class DeliveryPage(Shape):
    deliveries = Delivery(many=True)
    next = serializers.CharField(allow_null=True)


class DeliveryQuery(NewestFirst):
    """Which deliveries, the newest first."""

    state = serializers.ChoiceField(choices=WebhookDelivery.State.values, required=False)


class ReplayBody(Shape):
    """All dead letters, or those of `deliveries`."""

    deliveries = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        allow_empty=False,
        min_length=1,
        max_length=1000,
    )


class Replayed(Shape):
    replayed = serializers.IntegerField()


class Sent(Shape):
    delivery = serializers.IntegerField(help_text="Its `id` among the deliveries.")
