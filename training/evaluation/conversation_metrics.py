"""How well a conversation's tag is followed, message by message; pure arithmetic on tag series.

A series holds the conversation's tag after each message, None where there is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from conversations.tagging import WINDOW, Rule, TaggedMessage, conversation_tag, is_switch

Series = Sequence[str | None]


@dataclass(frozen=True, kw_only=True)
class Followed:
    """Figures over many conversations.

    `accuracy`: share of messages after which the tag is the gold one. A switch is right when gold
    switches at the same message to the same tag. `delay`: mean messages from a gold switch until
    the new tag is there, over those that are reached before gold moves on (`reached` of them).
    """

    accuracy: float
    precision: float
    recall: float
    delay: float | None
    reached: int
    switches: int
    messages: int


def series(
    messages: Sequence[TaggedMessage],
    stages: Mapping[str, int],
    *,
    rule: Rule,
    threshold: float,
) -> list[str | None]:
    """The conversation's tag after each message."""
    out: list[str | None] = []
    for end in range(1, len(messages) + 1):
        window = messages[max(0, end - WINDOW) : end]
        previous = out[-1] if out else None
        found = conversation_tag(window, previous, stages, rule=rule, threshold=threshold)
        out.append(found[0] if found else None)
    return out


def follow(pairs: Sequence[tuple[Series, Series]]) -> Followed:
    """Figures of (gold, predicted) series, one pair a conversation."""
    right = sum(g == p for gold, said in pairs for g, p in zip(gold, said, strict=True))
    messages = sum(len(gold) for gold, _ in pairs)
    gold_switches = [(n, *at) for n, (gold, _) in enumerate(pairs) for at in _switches(gold)]
    said_switches = [(n, *at) for n, (_, said) in enumerate(pairs) for at in _switches(said)]
    hits = len(set(gold_switches) & set(said_switches))
    delays = [
        delay
        for n, position, _ in gold_switches
        if (delay := _delay(*pairs[n], position)) is not None
    ]
    return Followed(
        accuracy=right / messages if messages else 0.0,
        precision=hits / len(said_switches) if said_switches else 0.0,
        recall=hits / len(gold_switches) if gold_switches else 0.0,
        delay=fmean(delays) if delays else None,
        reached=len(delays),
        switches=len(gold_switches),
        messages=messages,
    )


def _switches(tags: Series) -> list[tuple[int, str | None]]:
    """(index of the message, the new tag) of each switch."""
    steps = enumerate(pairwise(tags), start=1)
    return [(i, now) for i, (before, now) in steps if is_switch(before, now)]


def _delay(gold: Series, said: Series, start: int) -> int | None:
    """Messages from the gold switch at `start` until its tag is said, while gold stays there."""
    for i in range(start, len(gold)):
        if gold[i] != gold[start]:
            return None
        if said[i] == gold[start]:
            return i - start
    return None
