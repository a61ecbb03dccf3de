"""Reads conversations: a filtered list in keyset pages, and one's messages in pages."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, Q, QuerySet
from rest_framework.exceptions import ValidationError

from conversations import conditions, patience
from conversations.models import Conversation, Message


def find(conversation_id: str) -> Conversation | None:
    """The conversation of that id; None for an id that no conversation can have, too."""
    if "\0" in conversation_id:
        return None
    return Conversation.objects.filter(conversation_id=conversation_id).first()


def messages() -> QuerySet[Message]:
    """Messages in order, with all that their history entry shows."""
    return (
        Message.objects.select_related("model_version", "switch")
        .prefetch_related("predicted_tags", "reviews")
        .order_by("position")
    )


def messages_page(
    conversation: Conversation, *, after: int, limit: int
) -> tuple[list[Message], int | None]:
    """The messages past position `after`, and the `after` of the next page, if there is one."""
    found = list(messages().filter(conversation=conversation, position__gt=after)[: limit + 1])
    page = found[:limit]
    return page, page[-1].position if len(found) > limit else None


def conversations_page(filters: Mapping[str, Any]) -> tuple[list[Conversation], str | None]:
    """The newest conversations that pass `filters`, and the cursor of the next page.

    `filters` are the validated ones of `requests.ListQuery`. Raises patience.TooSlow.
    """
    limit = filters["limit"]
    with patience.bounded():
        found = list(_filtered(filters).order_by("-updated_at", "-id")[: limit + 1])
    page = found[:limit]
    return page, _cursor(page[-1]) if len(found) > limit else None


def _filtered(filters: Mapping[str, Any]) -> QuerySet[Conversation]:
    wanted = Q()
    if "tag" in filters:
        wanted &= Q(tag=filters["tag"])
    if "switched" in filters:
        wanted &= Q(last_switch_at__isnull=not filters["switched"])
    if "review" in filters:
        wanted &= _either(conditions.asks_for_review(), filters["review"])
    if "reviewed" in filters:
        wanted &= _either(conditions.reviewed(), filters["reviewed"])
    if "corrected" in filters:
        wanted &= _either(conditions.corrected(), filters["corrected"])
    if "was" in filters:
        wanted &= conditions.sequence(filters["was"], filters.get("later"))
    if "customer_id" in filters:
        wanted &= Q(customer_id=filters["customer_id"])
    if "since" in filters:
        wanted &= Q(updated_at__gte=filters["since"])
    if "until" in filters:
        wanted &= Q(updated_at__lte=filters["until"])
    if "sent_since" in filters or "sent_until" in filters:
        wanted &= Q(conditions.sent(filters.get("sent_since"), filters.get("sent_until")))
    if "cursor" in filters:
        moment, pk = _position(filters["cursor"])
        wanted &= Q(updated_at__lte=moment) & (Q(updated_at__lt=moment) | Q(pk__lt=pk))
    return Conversation.objects.filter(wanted)


def _either(condition: Q | Exists, holds: bool) -> Q:
    return Q(condition if holds else ~condition)


def _cursor(last: Conversation) -> str:
    return base64.urlsafe_b64encode(f"{last.updated_at.isoformat()} {last.pk}".encode()).decode()


def _position(cursor: str) -> tuple[datetime, int]:
    try:
        moment, pk = base64.urlsafe_b64decode(cursor).decode().split(" ")
        when = datetime.fromisoformat(moment)
        if when.tzinfo is None:
            raise ValueError
        return when, int(pk)
    except (ValueError, binascii.Error) as error:
        raise ValidationError({"cursor": ["Not a cursor that this service gave."]}) from error
