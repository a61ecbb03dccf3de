"""What a reviewer does with a message of the queue: save it, skip it, or undo the last of these."""

from collections.abc import Sequence

from django.db import transaction

from conversations import queue, reviewing
from conversations.models import Claim, Conversation, Message, Review, Skip


def save(claim: Claim, *, tags: Sequence[str], actor: str, seen: int = 0) -> Review:
    """Record a review of a message that the queue has shown, and let it go.

    What is sent twice is stored once. `seen` is the review that the person knew of, 0 for none:
    ReviewedMeanwhileError where another holds. The other errors are those of `reviewing.record`.
    """
    message = claim.message
    with transaction.atomic():
        _lock(message)
        review = message.holding
        if review is None or review.actor != actor or set(review.tags) != set(tags):
            chosen = Review.Chosen(claim.chosen)
            review = reviewing.record(
                message=message, tags=tags, actor=actor, chosen=chosen, seen=seen
            )
        queue.let_go(message.pk, actor=actor)
    return review


def skip(claim: Claim, *, actor: str) -> None:
    """Leave a message to others; the person does not get it again today.

    Conversation.DoesNotExist when it was erased meanwhile.
    """
    with transaction.atomic():
        _lock(claim.message)
        mine = Skip.objects.filter(message=claim.message, actor=actor)
        if not mine.filter(created_at__gte=queue.midnight()).exists():
            Skip.objects.create(message=claim.message, actor=actor)
        queue.let_go(claim.message_id, actor=actor)


def undo(actor: str) -> Message | None:
    """Take back what the person did last in the queue today, and give them that message again.

    None when there is nothing to take back. The message goes to nobody else in between.
    """
    review, skipped = _last_review(actor), _last_skip(actor)
    if skipped and not (review and review.created_at > skipped.created_at):
        skipped.delete()
        message, chosen = skipped.message, skipped.message.claim.chosen
        queue.hold(message.pk, actor=actor, chosen=chosen)
        return message
    if review:
        with transaction.atomic():
            reviewing.withdraw(review=review, actor=actor)
            queue.hold(review.message_id, actor=actor, chosen=review.chosen)
        return review.message
    return None


def _lock(message: Message) -> None:
    """Who holds the conversation's row knows that no review comes and nothing is erased."""
    Conversation.objects.select_for_update(no_key=True).get(pk=message.conversation_id)


def _last_review(actor: str) -> Review | None:
    mine = Review.objects.filter(actor=actor, created_at__gte=queue.midnight(), withdrawn_at=None)
    return mine.filter(chosen__in=queue.QUEUED).select_related("message").first()


def _last_skip(actor: str) -> Skip | None:
    mine = Skip.objects.filter(actor=actor, created_at__gte=queue.midnight())
    return mine.select_related("message__claim").order_by("-id").first()
