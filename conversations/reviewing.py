"""The one write path of reviews: what a person says of a message, and the history that follows."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from classifier.tags import in_use as tags_in_use
from conversations import history
from conversations.models import Conversation, Message, Review


class UnknownTagsError(ValueError):
    """A review names tags that do not exist or are retired; the message lists them."""


class WithdrawnError(ValueError):
    """The review was withdrawn before, or is not there any more."""


def record(
    *,
    message: Message,
    tags: Sequence[str],
    actor: str,
    chosen: Review.Chosen = Review.Chosen.READING,
    note: str = "",
) -> Review:
    """Append a review and derive the conversation's history from that message on again.

    Empty `tags` say that the message has none, and those of the model confirm it. Its predictions
    stay as they are. UnknownTagsError; Conversation.DoesNotExist when it was erased meanwhile.
    """
    known = list(tags_in_use().values_list("name", flat=True))
    if unknown := sorted(set(tags) - set(known)):
        raise UnknownTagsError(f"Unknown tags: {', '.join(unknown)}.")
    said = list(message.predicted_tags.values_list("tag_id", flat=True))
    with transaction.atomic():
        conversation = _locked(message)
        review = Review.objects.create(
            message=message,
            tags=list(dict.fromkeys(tags)),
            labelled_for=known,
            said=said,
            agrees=set(tags) == set(said),
            chosen=chosen,
            actor=actor,
            note=note,
        )
        _follow(conversation, message)
    return review


def withdraw(*, review: Review, actor: str) -> Review:
    """Take a review back; the one before it holds again, or else the model.

    WithdrawnError when that was done before; Conversation.DoesNotExist when it was erased.
    """
    with transaction.atomic():
        conversation = _locked(review.message)
        found = Review.objects.filter(pk=review.pk, withdrawn_at=None)
        if not found.update(withdrawn_at=timezone.now(), withdrawn_by=actor):
            raise WithdrawnError("This review has been withdrawn already.")
        _follow(conversation, review.message)
    review.refresh_from_db()
    return review


def _locked(message: Message) -> Conversation:
    return Conversation.objects.select_for_update(no_key=True).get(pk=message.conversation_id)


def _follow(conversation: Conversation, message: Message) -> None:
    """What follows from a review that came or went; the caller holds the conversation's row."""
    message.reviewed = message.reviews.filter(withdrawn_at=None).exists()
    message.save(update_fields=["reviewed"])
    history.rederive(conversation, start=message.position)
    conversation.updated_at = timezone.now()
    conversation.save(update_fields=["updated_at"])
