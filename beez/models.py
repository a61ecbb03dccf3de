"""The models of the application `beez`, where Django looks for them."""

from beez.api.models import ApiKey
from beez.status.models import Heartbeat
from beez.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)

__all__ = [
    "ApiKey",
    "Heartbeat",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
