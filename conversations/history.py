"""The tag history that follows from a conversation's messages, derived in this one place.

Posting a message takes one step of it, a review takes the steps from that message on again,
and `discrepancies` compares what is stored with what follows.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from classifier.engine import Classification
from classifier.models import Tag
from conversations import rows, tagging
from conversations.models import Conversation, Message, TagSwitch
from conversations.tagging import WINDOW, TaggedMessage

if TYPE_CHECKING:
    from conversations.rows import MessageWithTags


@dataclass(frozen=True, kw_only=True)
class Step:
    """The conversation's tag before and after a message."""

    previous: str | None
    tag: str | None
    confidence: float | None


def stages() -> dict[str, int]:
    """How far along the journey each tag is, retired ones too."""
    return dict(Tag.objects.values_list("name", "stage"))


def tagged(message: "MessageWithTags") -> TaggedMessage:
    """What the rule sees of a stored message: a person's word counts with full confidence."""
    if message.reviewed_as is None:
        return TaggedMessage(
            probabilities=message.probabilities, selected=frozenset(message.predicted)
        )
    selected = frozenset(message.reviewed_as)
    return TaggedMessage(
        probabilities={tag: float(tag in selected) for tag in selected | {*message.probabilities}},
        selected=selected,
    )


def classified(found: Classification) -> TaggedMessage:
    """What the rule sees of a message that is not stored yet."""
    return TaggedMessage(
        probabilities=found.probabilities,
        selected=frozenset(tag for tag, _ in found.selected),
    )


def step(
    window: Sequence[TaggedMessage],
    previous: str | None,
    stages: Mapping[str, int],
    *,
    rule: str,
    threshold: float,
) -> Step:
    """From the conversation's tag before the newest message of `window` to the one after it."""
    result = tagging.conversation_tag(
        window, previous, stages, rule="mean" if rule == "mean" else "newest", threshold=threshold
    )
    tag, confidence = result or (None, None)
    return Step(previous=previous, tag=tag, confidence=confidence)


def derive(
    messages: "Iterable[MessageWithTags]", stages: Mapping[str, int], *, start: int = 1
) -> "Iterator[tuple[MessageWithTags, Step]]":
    """The step at each message from position `start` on, by the rule and stages stored with it.

    `messages` come in order, from two before `start` on. The present `stages` serve for tags that
    a message does not know.
    """
    window: deque[TaggedMessage] = deque(maxlen=WINDOW)
    previous: str | None = None
    for message in messages:
        window.append(tagged(message))
        if message.position < start:
            previous = message.conversation_tag_id
            continue
        now = step(
            list(window),
            previous,
            {**stages, **(message.stages or {})},
            rule=message.rule,
            threshold=message.threshold,
        )
        yield message, now
        previous = now.tag


def rederive(conversation: Conversation, *, start: int = 1) -> None:
    """Store the history that follows from position `start` on; the caller holds the row's lock.

    Changes the messages' conversation tags, the switches and the conversation's current tag.
    """
    messages = rows.messages(conversation.pk, after=start - WINDOW)
    steps = list(derive(messages, stages(), start=start))
    for message, now in steps:
        message.conversation_tag_id = now.tag
        message.conversation_tag_confidence = now.confidence
    Message.objects.bulk_update(
        [message for message, _ in steps],
        ["conversation_tag", "conversation_tag_confidence"],
        batch_size=500,
    )
    conversation.switches.filter(message__position__gte=start).delete()
    TagSwitch.objects.bulk_create(
        switch for message, now in steps if (switch := switch_at(message, now))
    )
    conversation.tag_id, conversation.tag_confidence = steps[-1][1].tag, steps[-1][1].confidence
    last = conversation.switches.order_by("message__position").last()
    conversation.last_switch_at = last.created_at if last else None
    conversation.save(update_fields=["tag", "tag_confidence", "last_switch_at"])


def switch_at(message: Message, now: Step) -> TagSwitch | None:
    """The unsaved row of the switch at a message, if there is one; it happened when that came."""
    if now.previous is None or not tagging.is_switch(now.previous, now.tag):
        return None
    return TagSwitch(
        conversation_id=message.conversation_id,
        message_id=message.pk,
        from_tag_id=now.previous,
        to_tag_id=now.tag,
        created_at=message.created_at,
    )


def discrepancies(conversation: Conversation) -> list[str]:
    """Where the stored history differs from the one that follows; empty when all is well."""
    switches = {switch.message_id: switch for switch in conversation.switches.all()}
    steps = derive(rows.messages(conversation.pk), stages())
    found: list[str] = []
    tag, count = None, 0
    for count, (message, now) in enumerate(steps, start=1):
        stored = switches.get(message.pk)
        if message.position != count:
            found.append(f"position {message.position} where {count} should stand")
        if _outcome(message) != (now.tag, now.confidence):
            found.append(f"message {count}: {_outcome(message)} is stored, {now} follows")
        if _ends(stored) != _ends(switch_at(message, now)):
            found.append(f"message {count}: the stored switch is {stored}, {now} follows")
        tag = now.tag
    if (conversation.tag_id, conversation.message_count) != (tag, count):
        found.append(f"the conversation: {conversation.tag_id} is stored, {tag} follows")
    return found


def _outcome(message: Message) -> tuple[str | None, float | None]:
    return message.conversation_tag_id, message.conversation_tag_confidence


def _ends(switch: TagSwitch | None) -> tuple[str, str | None] | None:
    return (switch.from_tag_id, switch.to_tag_id) if switch else None
