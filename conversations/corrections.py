"""What a person says a message's tags are, and the history that follows from it."""

from django.db import transaction
from django.utils import timezone

from conversations import history
from conversations.models import Conversation, Correction, Message


class UnknownTagsError(ValueError):
    """A correction names tags that do not exist; the message lists them."""


def correct(*, message: Message, tags: list[str], actor: str, note: str = "") -> Correction:
    """Append a correction and derive the conversation's history from that message on again.

    Empty `tags` say that the message has none. The model's predictions stay as they are.
    """
    unknown = sorted(set(tags) - history.stages().keys())
    if unknown:
        raise UnknownTagsError(f"Unknown tags: {', '.join(unknown)}.")
    with transaction.atomic():
        conversation = Conversation.objects.select_for_update(no_key=True).get(
            pk=message.conversation_id
        )
        correction = Correction.objects.create(
            message=message, tags=list(dict.fromkeys(tags)), actor=actor, note=note
        )
        history.rederive(conversation, start=message.position)
        conversation.updated_at = timezone.now()
        conversation.save(update_fields=["updated_at"])
    return correction
