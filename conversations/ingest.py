"""The one write path of a message: classify it, then store it and what follows from it.

The message, its tags, the switch and the conversation's tag stand in one transaction, made of
few statements, for each is a round trip that the caller waits for.
"""

import random
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from beez.api.errors import Conflict
from beez.webhooks import outbox
from classifier import live, redaction
from classifier.engine import Classification
from conversations import history, rows, telling
from conversations.converters import why_not_addressable
from conversations.models import Message
from conversations.tagging import WINDOW

SAMPLED = 0.1  # share of the messages that are drawn at random, to tell quality without bias


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A stored message, the one before it, if any, and the name of the model version."""

    message: Message
    previous: Message | None
    model_version: str


def post(
    *,
    conversation_id: str,
    text: str,
    message_id: str | None = None,
    customer_id: str | None = None,
    sent_at: datetime | None = None,
    rule: str | None = None,
) -> Posted:
    """Store a message; a `message_id` that the conversation has already gives the stored one,
    with its own `sent_at`, for a retry may be stamped anew.

    What REDACT names is taken out of the text before anything else is done with it. `customer_id`
    says whose conversation it is. `rule` is the one for the conversation's tag, from the settings
    when None. Raises `Conflict` when `message_id` came with another text before, or the
    conversation with another customer, `live.NoModel` when no model is live, and ValueError for an
    id that nobody could ask for again; doors check it before, to say so.
    """
    if not conversation_id or "\0" in conversation_id:
        raise ValueError("An id has at least one character, and none that is NUL.")
    if wrong := why_not_addressable(conversation_id):
        raise ValueError(wrong)
    text = redaction.redacted(text)
    if message_id is not None:
        stored = Message.objects.filter(
            conversation__conversation_id=conversation_id, message_id=message_id
        ).first()
        if stored is not None:
            return _repeated(stored, text)
    model = live.current()
    classification = model.classify(text)  # slow, hence before the lock
    message = Message(
        text=text,
        message_id=message_id,
        probabilities=classification.probabilities,
        thresholds=classification.thresholds,
        threshold=classification.threshold,
        unsure=classification.review,
        uncertainty=classification.uncertainty,
        sampled=random.random() < SAMPLED,
        model_version_id=model.version_id,
        rule=rule or settings.CONVERSATION_RULE,
        sent_at=sent_at,
    )
    with transaction.atomic():
        stored, previous = _append(
            message, classification, conversation_id, customer_id, model_version=model.version_name
        )
    if stored is not message:
        return _repeated(stored, text)
    return Posted(message=message, previous=previous, model_version=model.version_name)


def _append(
    message: Message,
    classification: Classification,
    conversation_id: str,
    customer_id: str | None,
    *,
    model_version: str,
) -> tuple[Message, Message | None]:
    """The stored message and the one before it.

    `message` itself, at the end of the conversation, or the one that another request has just
    stored under its `message_id`.
    """
    conversation = rows.lock(conversation_id, customer_id=customer_id)
    if customer_id not in (None, conversation.customer_id):
        raise Conflict(
            "This conversation came with another customer_id before. A conversation is one "
            "customer's; begin another one, or leave customer_id out."
        )
    recent = rows.messages(
        conversation.pk,
        after=conversation.message_count - (WINDOW - 1),
        message_id=message.message_id,
    )
    for stored in recent:
        if message.message_id is not None and stored.message_id == message.message_id:
            return stored, None
    now = history.step(
        [*map(history.tagged, recent), history.classified(classification)],
        conversation.tag,
        conversation.stages,
        rule=message.rule,
        threshold=message.threshold,
    )
    message.conversation_id, message.stages = conversation.pk, conversation.stages
    message.position = conversation.message_count + 1
    message.conversation_tag_id, message.conversation_tag_confidence = now.tag, now.confidence
    message.created_at = timezone.now()
    switch, told = history.switch_at(message, now), outbox.NOTHING
    if switch is not None:
        told = telling.switched(
            message,
            conversation_id=conversation_id,
            model_version=model_version,
            from_tag=switch.from_tag_id,
            selected=classification.selected,
        )
    rows.store(message, selected=classification.selected, switch=switch, told=told)
    return message, recent[-1] if recent else None


def _repeated(stored: Message, text: str) -> Posted:
    if not redaction.same(stored.text, text):
        raise Conflict("This message_id came with another message before.")
    previous = Message.objects.filter(
        conversation=stored.conversation_id, position=stored.position - 1
    )
    return Posted(
        message=stored, previous=previous.first(), model_version=stored.model_version.name
    )
