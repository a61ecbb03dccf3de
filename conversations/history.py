"""The tag history that follows from a conversation's messages, derived in this one place.

Posting a message takes one step of it, a review takes the steps from that message on again,
and `discrepancies` compares what is stored with what follows.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from classifier.engine import Classification
from classifier.models import Tag
from conversations import rows, tagging
from conversations.models import Conversation
from conversations.rows import Ends, Outcome, Recorded
from conversations.storing import Recent
from conversations.tagging import WINDOW, TaggedMessage

STRETCH = 1000  # messages that are read and written at a time


@dataclass(frozen=True, kw_only=True)
class Step:
    """The conversation's tag before and after a message."""

    previous: str | None
    tag: str | None
    confidence: float | None

    @property
    def outcome(self) -> Outcome:
        return self.tag, self.confidence

    @property
    def switch(self) -> Ends | None:
        """The tags that the conversation changed from and to, if it did."""
        if self.previous is None or not tagging.is_switch(self.previous, self.tag):
            return None
        return self.previous, self.tag


def stages() -> dict[str, int]:
    """How far along the journey each tag is, retired ones too."""
    return dict(Tag.objects.values_list("name", "stage"))


def tagged(message: Recent | Recorded) -> TaggedMessage:
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
        selected=frozenset(found.tags),
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
    messages: Iterable[Recorded], stages: Mapping[str, int], *, start: int = 1
) -> Iterator[tuple[Recorded, Step]]:
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


def rederive(conversation: Conversation, *, start: int = 1, changed: int | None = None) -> None:
    """Store the history that follows from position `start` on; the caller holds the row's lock.

    Changes the messages' conversation tags, the switches and the conversation's current tag, a
    stretch at a time. Where only the message at position `changed` is not as it was when the stored
    history was derived, it ends where the old and the new history meet again.
    """
    known = stages()
    while steps := list(derive(_stretch(conversation, start), known, start=start)):
        met = _meeting(steps, changed)
        _store(steps[:met])
        if met < len(steps):
            break
        start = steps[-1][0].position + 1
    _store_current(conversation)


def _stretch(conversation: Conversation, start: int) -> list[Recorded]:
    return rows.stretch(conversation.pk, after=start - WINDOW, limit=STRETCH + WINDOW - 1)


def _meeting(steps: Sequence[tuple[Recorded, Step]], changed: int | None) -> int:
    """How many of `steps` come before the histories have met; all of them where they do not.

    A step follows from its window and the conversation's tag before it. So once no later window
    holds the changed message, an equal tag makes every later step equal.
    """
    if changed is not None:
        for number, (message, now) in enumerate(steps, start=1):
            alike = message.conversation_tag_id == now.tag
            if alike and message.position >= changed + WINDOW - 1:
                return number
    return len(steps)


def _store(steps: Sequence[tuple[Recorded, Step]]) -> None:
    """Write what differs from the stored outcomes and switches."""
    rows.change({one.pk: now.outcome for one, now in steps if one.outcome != now.outcome})
    rows.change_switches({one.pk: now.switch for one, now in steps if one.switch != now.switch})


def _store_current(conversation: Conversation) -> None:
    """Where the conversation stands after its newest message."""
    newest = conversation.messages.order_by("-position").first()
    if newest is not None:
        conversation.tag_id = newest.conversation_tag_id
        conversation.tag_confidence = newest.conversation_tag_confidence
    last = conversation.switches.order_by("-message_id").first()  # keys rise with positions
    conversation.last_switch_at = last.created_at if last else None
    conversation.save(update_fields=["tag", "tag_confidence", "last_switch_at"])


def discrepancies(conversation: Conversation) -> list[str]:
    """Where the stored history differs from the one that follows; empty when all is well."""
    found: list[str] = []
    tag, count = None, 0
    for count, (message, now) in enumerate(
        derive(rows.stretch(conversation.pk), stages()), start=1
    ):
        if message.position != count:
            found.append(f"position {message.position} where {count} should stand")
        if message.outcome != now.outcome:
            found.append(f"message {count}: {message.outcome} is stored, {now} follows")
        if message.switch != now.switch:
            found.append(f"message {count}: the stored switch is {message.switch}, {now} follows")
        tag = now.tag
    if (conversation.tag_id, conversation.message_count) != (tag, count):
        found.append(f"the conversation: {conversation.tag_id} is stored, {tag} follows")
    return found
