"""Erases a conversation with everything that hangs on it."""

from django.db import transaction

from beez.audit import trail
from conversations.models import Conversation


def erase(*, conversation_id: str) -> bool:
    """True when there was one. The lock keeps a message that is just being posted from failing."""
    with transaction.atomic():
        conversation = (
            Conversation.objects.select_for_update().filter(conversation_id=conversation_id).first()
        )
        if conversation is None:
            return False
        trail.record(  # the id stays, for whoever has to show that it was erased; no text does
            "conversation.erased", subject=conversation_id, messages=conversation.message_count
        )
        conversation.delete()
    return True
