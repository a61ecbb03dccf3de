"""What other systems are told of conversations: the events of switches and reviews."""

from collections.abc import Mapping
from typing import Any

from beez.webhooks import outbox
from beez.webhooks.models import Kind
from conversations import tagging
from conversations.models import Conversation, Message, Review


def switched(
    message: Message,
    *,
    conversation_id: str,
    model_version: str,
    from_tag: str,
    selected: list[tuple[str, float]],
) -> dict[str, Any]:
    """The parameters of `outbox.statement` for a switch at a message that is being posted."""
    return outbox.values(
        kind=Kind.TAG_SWITCHED,
        subject=conversation_id,
        tags=[from_tag, message.conversation_tag_id],
        data={
            "conversation_id": conversation_id,
            "position": message.position,
            "message_id": message.message_id,
            "from_tag": from_tag,
            "to_tag": message.conversation_tag_id,
            "confidence": message.conversation_tag_confidence,
            "tags": [{"tag": tag, "confidence": confidence} for tag, confidence in selected],
            "model_version": model_version,
            "cause": "message",
        },
    )


def reviewed(conversation: Conversation, review: Review, *, before: str | None) -> None:
    """A review came or went, and perhaps the conversation's present tag with it: `before` is the
    one that it had. Switches further back are told by no event of their own."""
    message = review.message
    holds = message.reviews.filter(withdrawn_at=None).order_by("-pk").first()
    told = {
        "conversation_id": conversation.conversation_id,
        "position": message.position,
        "message_id": message.message_id,
    }
    outbox.record(
        kind=Kind.REVIEWED,
        subject=conversation.conversation_id,
        tags=[*review.tags, *review.said],
        data=told
        | {
            "tags": None if holds is None else holds.tags,
            "said": review.said,
            "agrees": None if holds is None else holds.agrees,
            "withdrawn": review.withdrawn_at is not None,
            "chosen": review.chosen,
        },
    )
    if before is not None and tagging.is_switch(before, conversation.tag_id):
        outbox.record(
            kind=Kind.TAG_SWITCHED,
            subject=conversation.conversation_id,
            tags=[before, conversation.tag_id],
            data=told
            | {
                "from_tag": before,
                "to_tag": conversation.tag_id,
                "confidence": conversation.tag_confidence,
                "tags": [],
                "model_version": None,
                "cause": "review",
            },
        )


def text(subject: str, data: Mapping[str, Any]) -> str | None:
    """Of the message that an event is about, for endpoints that ask for it."""
    found = Message.objects.filter(
        conversation__conversation_id=subject, position=data.get("position", 0)
    )
    return found.values_list("text", flat=True).first()
