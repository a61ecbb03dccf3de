"""Retention by age: what is older than RETENTION_DAYS is erased, in the one way of erasing."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from conversations import conditions, erasure, receipts
from conversations.models import Conversation, Message, Receipt

ACTOR = "retention"


def expired() -> QuerySet[Conversation]:
    """Conversations whose last message is older than RETENTION_DAYS, none where that is 0.

    The age is the last message's; a review does not make it younger. With RETENTION_KEEPS_REVIEWED
    those stay of which a person's word holds for a message.
    """
    if not settings.RETENTION_DAYS:
        return Conversation.objects.none()
    oldest = timezone.now() - timedelta(days=settings.RETENTION_DAYS)
    last = Message.objects.filter(created_at__lt=oldest, position=F("conversation__message_count"))
    found = Conversation.objects.filter(pk__in=last.values("conversation"))
    if settings.RETENTION_KEEPS_REVIEWED:
        found = found.filter(~conditions.reviewed())
    return found.order_by("pk")


def expire(*, actor: str = ACTOR) -> Iterator[int]:
    """Erase them, and yield the number of each slice; a receipt is written where there are any."""
    found = expired()
    if receipts.unfinished(Receipt.Kind.AGE, "") is None and not found.exists():
        return
    yield from erasure.slices(receipts.begin(Receipt.Kind.AGE, "", actor=actor), found)
