"""The one write path of reviews: what a person says of a message, and the history that follows."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from beez.audit import trail
from classifier.tags import in_use as tags_in_use
from classifier.tags import label
from conversations import history, telling
from conversations.models import Conversation, Message, Review


class UnknownTagsError(ValueError):
    """A review names tags that do not exist or are retired; the message lists them."""


class ReviewedMeanwhileError(ValueError):
    """Another review holds than the one that the person saw; the message says which."""


class WithdrawnError(ValueError):
    """The review was withdrawn before, or is not there any more."""


def record(
    *,
    message: Message,
    tags: Sequence[str],
    actor: str,
    chosen: Review.Chosen = Review.Chosen.READING,
    note: str = "",
    seen: int | None = None,
) -> Review:
    """Append a review and derive the conversation's history from that message on again.

    Empty `tags` say that the message has none, and those of the model confirm it. Its predictions
    stay as they are. `seen` is the pk of the review that held when the person looked, 0 when none
    did, None where that does not matter. UnknownTagsError; ReviewedMeanwhileError;
    Conversation.DoesNotExist when it was erased meanwhile.
    """
    known = list(tags_in_use().values_list("name", flat=True))
    if unknown := sorted(set(tags) - set(known)):
        raise UnknownTagsError(f"Unknown tags: {', '.join(unknown)}.")
    said = list(message.predicted_tags.values_list("tag_id", flat=True))
    with transaction.atomic():
        conversation = _locked(message)
        if seen is not None:
            refuse_unseen(message.reviews.filter(withdrawn_at=None).first(), seen)
        review = Review.objects.create(
            message=message,
            tags=list(dict.fromkeys(tags)),
            labelled_for=known,
            said=said,
            agrees=set(tags) == set(said) & set(known),
            chosen=chosen,
            actor=actor,
            note=note,
        )
        trail.record("review.given", subject=_place(message), actor=actor, tags=review.tags)
        _follow(conversation, review)
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
        trail.record("review.withdrawn", subject=_place(review.message), actor=actor)
        review.refresh_from_db()
        _follow(conversation, review)
    return review


def holding(messages: Iterable[int] | QuerySet[Any]) -> QuerySet[Review]:
    """For each of `messages` (keys, or a query for them) the review that holds, if one does; for
    a message that is at hand there is `Message.holding`."""
    standing = Review.objects.filter(withdrawn_at=None, message__in=messages)
    return standing.order_by("message_id", "-pk").distinct("message_id")


def refuse_unseen(holding: Review | None, seen: int) -> None:
    """ReviewedMeanwhileError where another review holds than the one `seen` (its pk, 0: none)."""
    if holding is None and seen:
        raise ReviewedMeanwhileError("The last review was taken back meanwhile.")
    if holding is not None and holding.pk != seen:
        said = ", ".join(map(label, holding.tags)) or "no tag"
        raise ReviewedMeanwhileError(f"{holding.actor} said meanwhile: {said}.")


def _place(message: Message) -> str:
    """For the audit log: by numbers of ours, which tell nothing once the conversation is erased."""
    return f"conversation {message.conversation_id}, message {message.position}"


def _locked(message: Message) -> Conversation:
    return Conversation.objects.select_for_update(no_key=True).get(pk=message.conversation_id)


def _follow(conversation: Conversation, review: Review) -> None:
    """What follows from a review that came or went; the caller holds the conversation's row."""
    message, before = review.message, conversation.tag_id
    message.reviewed = message.reviews.filter(withdrawn_at=None).exists()
    message.save(update_fields=["reviewed"])
    history.rederive(conversation, start=message.position, changed=message.position)
    conversation.updated_at = timezone.now()
    conversation.save(update_fields=["updated_at"])
    telling.reviewed(conversation, review, before=before)
