"""The body of a delivery, in the shape that the Standard Webhooks specification recommends."""

import json
from typing import Any

from beez.webhooks import domain
from beez.webhooks.models import WebhookDelivery


def identifier(delivery: WebhookDelivery) -> str:
    """The same at each attempt, so that a receiver can tell what it has had already."""
    return f"evt_{delivery.event.uid.hex}"


def body(delivery: WebhookDelivery) -> str:
    """The text of a message is looked up as it is sent: no event holds it."""
    event = delivery.event
    data: dict[str, Any] = dict(event.data)
    if delivery.endpoint.with_text and event.subject:
        data["message"] = domain.text(event.subject, event.data)
    told = {"type": event.kind, "timestamp": event.occurred_at.isoformat(), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
