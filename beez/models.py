"""The models of the application `beez`, where Django looks for them."""

from beez.api.models import ApiKey
from beez.audit.models import AuditEntry
from beez.status.models import Heartbeat
from beez.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Heartbeat",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
