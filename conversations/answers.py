"""The JSON answers of the conversation routes, made from stored rows."""

from typing import Any

from beez.api.instants import instant
from classifier.engine import ranked
from classifier.serializers import DECIMALS, confidences
from conversations import receipts, tagging
from conversations.ingest import Posted
from conversations.models import Conversation, Message, Receipt, Review, TagSwitch
from conversations.storing import Recent

Json = dict[str, Any]

EVIDENCE_LENGTH = 50  # characters of a message that its evidence shows
EVIDENCE_TAGS = 3


def posted(posted: Posted, *, conversation_id: str) -> Json:
    """The conversation as of that message, so that a repeat gets the same answer."""
    message, previous = posted.message, posted.previous
    previous_tag = previous.conversation_tag_id if previous else None
    return {
        "conversation_id": conversation_id,
        "threshold": message.threshold,
        "conversation_tag": _conversation_tag(message),
        "switched": tagging.is_switch(previous_tag, message.conversation_tag_id),
        "evidence": [_evidence(one) for one in (previous, message) if one],
        "review": message.unsure,
        "position": message.position,
        "previous_tag": previous_tag,
        "model_version": posted.model_version,
    }


def summary(conversation: Conversation) -> Json:
    tag = tagged(conversation.tag_id, conversation.tag_confidence)
    return {
        "conversation_id": conversation.conversation_id,
        "customer_id": conversation.customer_id,
        "conversation_tag": tag,
        "message_count": conversation.message_count,
        "last_switch_at": instant(conversation.last_switch_at),
        "created_at": instant(conversation.created_at),
        "updated_at": instant(conversation.updated_at),
    }


def history(
    conversation: Conversation,
    *,
    messages: list[Message],
    next_after: int | None,
) -> Json:
    """A page of the tag history: these messages of `listing.messages` and the switches at them;
    `next_after` is the `after` of the next page."""
    return summary(conversation) | {
        "messages": [entry(message) for message in messages],
        "switches": switches(messages),
        "next": next_after,
    }


def switches(messages: list[Message]) -> list[Json]:
    """Those at these messages of `listing.messages`."""
    return [
        _switch(message.switch, message.position)
        for message in messages
        if hasattr(message, "switch")
    ]


def _switch(switch: TagSwitch, position: int) -> Json:
    return {
        "position": position,
        "from": switch.from_tag_id,
        "to": switch.to_tag_id,
        "at": instant(switch.created_at),
    }


def erased(receipt: Receipt | None, whose: str) -> Json:
    """What an erasure answers; `message` is the original's."""
    return {
        "message": f"{whose} {'cleared' if receipt else 'not found'}",
        "erased": receipt is not None,
        "receipt": receipt and receipts.told(receipt),
    }


def entry(message: Message) -> Json:
    """A message as the history shows it: the prediction as it was made, a person's word beside."""
    return {
        "position": message.position,
        "message": message.text,
        "message_id": message.message_id,
        "sent_at": instant(message.sent_at),
        "created_at": instant(message.created_at),
        "model_version": message.model_version.name,
        "rule": message.rule,
        "threshold": message.threshold,
        "thresholds": message.thresholds,
        "tags": confidences([(one.tag_id, one.confidence) for one in message.predicted_tags.all()]),
        "probabilities": {
            tag: round(value, DECIMALS) for tag, value in message.probabilities.items()
        },
        "conversation_tag": _conversation_tag(message),
        "switched": hasattr(message, "switch"),
        "review": message.asks_for_review,
        "correction": message.holding and said(message.holding),
    }


def tagged(tag: str | None, confidence: float | None) -> Json | None:
    if tag is None or confidence is None:
        return None
    return confidences([(tag, confidence)])[0]


def shortened(text: str) -> str:
    return text if len(text) <= EVIDENCE_LENGTH else text[:EVIDENCE_LENGTH] + "..."


def _conversation_tag(message: Message) -> Json | None:
    return tagged(message.conversation_tag_id, message.conversation_tag_confidence)


def _evidence(message: Message | Recent) -> Json:
    return {
        "message": shortened(message.text),
        "top": confidences(ranked(message.probabilities)[:EVIDENCE_TAGS]),
    }


def said(review: Review) -> Json:
    """A person's word on a message."""
    return {
        "tags": review.tags,
        "labelled_for": review.labelled_for,
        "actor": review.actor,
        "note": review.note,
        "created_at": instant(review.created_at),
    }
