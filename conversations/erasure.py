"""Erases a conversation with everything that hangs on it."""

from django.db import transaction

from beez.webhooks import outbox
from conversations.models import Conversation


def erase(*, conversation_id: str) -> bool:
    """True when there was one. The lock keeps a message that is just being posted from failing."""
    with transaction.atomic():
        conversation = (
            Conversation.objects.select_for_update().filter(conversation_id=conversation_id).first()
        )
        if conversation is None:
            return False
        conversation.delete()
        outbox.forget(subject=conversation_id)
    return True
