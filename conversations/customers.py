"""What is stored about a customer, in pages of messages over all of the customer's conversations.

The customer's right to know is answered by these rows alone: nothing else names a customer.
"""

from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet

from beez.api.instants import instant
from conversations import answers, listing
from conversations.models import Conversation, Message, Review, ShadowAnswer

Json = dict[str, Any]


def known(customer_id: str) -> bool:
    if "\0" in customer_id:
        return False
    return Conversation.objects.filter(customer_id=customer_id).exists()


def page(customer_id: str, *, limit: int, cursor: str | None = None) -> Json:
    """The customer's messages past `cursor`, in the order in which conversations began, each
    conversation with its messages that are on the page; `next` is the next page's cursor."""
    found = list(_messages(customer_id, cursor)[: limit + 1])
    shown = found[:limit]
    by_conversation = groupby(shown, key=lambda message: message.conversation)
    return {
        "customer_id": customer_id,
        "conversations": [_conversation(one, list(of)) for one, of in by_conversation],
        "next": _cursor(shown[-1]) if len(found) > limit else None,
    }


def _messages(customer_id: str, cursor: str | None) -> QuerySet[Message]:
    wanted = Q(conversation__customer_id=customer_id)
    if cursor:
        pk, position = map(int, cursor.split("."))
        later = Q(conversation__gt=pk) | Q(conversation=pk, position__gt=position)
        wanted &= Q(conversation__gte=pk) & later  # an index begins at the first condition
    messages = listing.messages().filter(wanted).select_related("conversation")
    return messages.prefetch_related("shadow_answers__trial__version").order_by(
        "conversation_id", "position"
    )


def _cursor(last: Message) -> str:
    return f"{last.conversation_id}.{last.position}"


def _conversation(conversation: Conversation, messages: list[Message]) -> Json:
    return answers.summary(conversation) | {
        "messages": [_message(message) for message in messages],
        "switches": answers.switches(messages),
    }


def _message(message: Message) -> Json:
    return answers.entry(message) | {
        "reviews": [_review(one) for one in message.reviews.all()],
        "shadow_answers": [_shadow(one) for one in message.shadow_answers.all()],
    }


def _review(review: Review) -> Json:
    return answers.said(review) | {"withdrawn_at": instant(review.withdrawn_at)}


def _shadow(answer: ShadowAnswer) -> Json:
    return {"model_version": answer.trial.version.name, "tags": answer.tags}
