"""The rule for a conversation's tag: a pure function of its last three messages.

It answers where the customer stands after the newest message, and whether that is a switch.
The guidelines' section "The tag of a conversation" defines `newest`; `mean` is the arithmetic of
the original service.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Rule = Literal["newest", "mean"]

WINDOW = 3  # messages that the tag is judged from


@dataclass(frozen=True, kw_only=True)
class TaggedMessage:
    """What the rule sees of a message: every tag's probability, and the tags that it has."""

    probabilities: Mapping[str, float]
    selected: frozenset[str]


def conversation_tag(
    window: Sequence[TaggedMessage],
    previous: str | None,
    stages: Mapping[str, int],
    *,
    rule: Rule,
    threshold: float,
) -> tuple[str, float] | None:
    """The conversation's tag and its confidence, or None.

    `window` holds the last one to three messages, oldest first; `previous` is the tag that the
    conversation had before the newest of them; `stages` says how far along the journey each tag
    is; `threshold` is used by `mean` alone.
    """
    if rule == "mean":
        return _mean(window, stages, threshold=threshold)
    return _newest(window, previous, stages)


def is_switch(previous: str | None, now: str | None) -> bool:
    """From one tag to another, or to none. Getting the first tag is no switch."""
    return previous is not None and now != previous


def _newest(
    window: Sequence[TaggedMessage], previous: str | None, stages: Mapping[str, int]
) -> tuple[str, float] | None:
    tagged = [message for message in window if message.selected]
    if not tagged:
        return None
    carriers = [message for message in tagged if previous in message.selected]
    if window[-1].selected or previous is None or not carriers:
        tag = _furthest(tagged[-1], previous, stages)
        return tag, tagged[-1].probabilities[tag]
    return previous, carriers[-1].probabilities[previous]


def _furthest(message: TaggedMessage, previous: str | None, stages: Mapping[str, int]) -> str:
    """A new tag before the one the conversation had; among those, the furthest along."""
    candidates = message.selected - {previous} or message.selected
    return max(candidates, key=lambda tag: (stages[tag], message.probabilities[tag], tag))


def _mean(
    window: Sequence[TaggedMessage], stages: Mapping[str, int], *, threshold: float
) -> tuple[str, float] | None:
    """Argmax of the mean probability; a model that does not know a tag counts as 0 for it."""
    tags = {tag for message in window for tag in message.probabilities}
    means = {
        tag: sum(message.probabilities.get(tag, 0.0) for message in window) / len(window)
        for tag in tags
    }
    best = max(means, key=lambda tag: (means[tag], stages[tag], tag), default=None)
    return (best, means[best]) if best is not None and means[best] >= threshold else None
