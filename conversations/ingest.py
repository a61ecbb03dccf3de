"""The one write path of a message: classify it, then store it and what follows from it.

Two statements, for each is a round trip that the caller waits for: one looks at the conversation,
one stores the message, its tags, the switch and the conversation's tag, all or nothing, if the
conversation is still as it was seen. Where it is not, both are done again under its lock.
"""

import random
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone

from beez.api.errors import Conflict
from beez.webhooks import outbox
from classifier import live, redaction
from classifier.engine import Classification
from conversations import history, storing, telling
from conversations.converters import why_not_addressable
from conversations.models import Message
from conversations.storing import Recent, Seen

SAMPLED = 0.1  # share of the messages that are drawn at random, to tell quality without bias


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A stored message, the one before it, if any, and the name of the model version."""

    message: Message
    previous: Message | Recent | None
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
    look = storing.looking(conversation_id, message_id=message_id)
    try:
        model = live.current()
        classification = model.classify(text)  # slow: nothing is held, and Postgres looks
    except live.NoModel:
        if repeated := _repeated(look(), text):
            return repeated
        raise
    seen = look()
    if repeated := _repeated(seen, text):
        return repeated
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
    posted = _append(message, classification, seen, customer_id, model.version_name)
    return posted or _append_under_lock(
        message, classification, conversation_id, customer_id, model.version_name
    )


def _append(
    message: Message,
    classification: Classification,
    seen: Seen,
    customer_id: str | None,
    model_version: str,
) -> Posted | None:
    """The message at the end of the conversation; None where that has changed since it was seen."""
    if seen.customer_id is not None and customer_id not in (None, seen.customer_id):
        raise Conflict(
            "This conversation came with another customer_id before. A conversation is one "
            "customer's; begin another one, or leave customer_id out."
        )
    now = history.step(
        [*map(history.tagged, seen.recent), history.classified(classification)],
        seen.tag,
        seen.stages,
        rule=message.rule,
        threshold=message.threshold,
    )
    message.stages, message.position = seen.stages, seen.message_count + 1
    message.conversation_tag_id, message.conversation_tag_confidence = now.outcome
    message.created_at = timezone.now()
    told = outbox.NOTHING
    if now.switch is not None:
        told = telling.switched(
            message,
            conversation_id=seen.name,
            model_version=model_version,
            from_tag=now.switch[0],
            selected=classification.selected,
        )
    if not storing.store(
        message,
        seen,
        customer_id=customer_id,
        selected=classification.selected,
        switch=now.switch,
        told=told,
    ):
        return None
    previous = seen.recent[-1] if seen.recent else None
    return Posted(message=message, previous=previous, model_version=model_version)


def _append_under_lock(
    message: Message,
    classification: Classification,
    conversation_id: str,
    customer_id: str | None,
    model_version: str,
) -> Posted:
    """The same behind whoever changes the conversation, who may have stored the `message_id`."""
    with transaction.atomic():
        storing.lock(conversation_id)
        seen = storing.look(conversation_id, message_id=message.message_id)
        if repeated := _repeated(seen, message.text):
            return repeated
        posted = _append(message, classification, seen, customer_id, model_version)
        if posted is None:
            raise OperationalError("The time for this message was over.")
        return posted


def _repeated(seen: Seen, text: str) -> Posted | None:
    """The message that came with the id before; None where there is none, or none any more."""
    if seen.repeated is None:
        return None
    stored = Message.objects.select_related("model_version").filter(pk=seen.repeated).first()
    if stored is None:
        return None
    if not redaction.same(stored.text, text):
        raise Conflict("This message_id came with another message before.")
    previous = Message.objects.filter(
        conversation=stored.conversation_id, position=stored.position - 1
    )
    return Posted(
        message=stored, previous=previous.first(), model_version=stored.model_version.name
    )
