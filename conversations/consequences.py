"""What other thresholds would have done to the messages that came last.

No model runs: each message is stored with its probabilities, and a threshold only compares.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from conversations import reviewing
from conversations.models import Message

MESSAGES = 10_000
EXAMPLES = 4  # of each tag
COLUMNS = 20  # of equal width, from 0 to 1

Becomes = Literal["wrong", "right", ""]  # by the review that holds, if one knows of the tag


@dataclass(frozen=True, kw_only=True)
class Example:
    """A message that gains or loses a tag."""

    message: Message
    probability: float
    becomes: Becomes


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What happens to one tag: a higher threshold takes it away, a lower one gives it."""

    tag: str
    before: float
    after: float
    having: int  # messages that have the tag by the threshold of before
    moved: int  # messages that gain it, or lose it
    right: int  # of those: reviewed, and now as the reviewer says
    wrong: int  # the same, and no more as the reviewer says
    columns: Sequence[int]  # how many messages have which probability
    examples: Sequence[Example]

    @property
    def gains(self) -> bool:
        return self.after < self.before


@dataclass(frozen=True, kw_only=True)
class Foresight:
    """Of how many messages this tells, since when, and what happens to each tag that changes."""

    messages: int
    since: datetime | None
    effects: Sequence[Effect]


class _Scored(NamedTuple):  # there are many, and each takes its time
    pk: int
    probability: float
    reviewed: bool


def foresee(before: Mapping[str, float], after: Mapping[str, float]) -> Foresight:
    """As if the thresholds of `after` had decided the last messages, and not those of `before`.

    Both by tag. Messages of a model that did not know a tag say nothing of it.
    """
    rows = list(
        Message.objects.order_by("-pk").values_list(
            "pk", "probabilities", "reviewed", "created_at"
        )[:MESSAGES]
    )
    effects = [
        _effect(
            tag,
            threshold,
            after[tag],
            [
                _Scored(pk, probabilities[tag], reviewed)
                for pk, probabilities, reviewed, _ in rows
                if tag in probabilities
            ],
        )
        for tag, threshold in before.items()
        if after[tag] != threshold
    ]
    return Foresight(messages=len(rows), since=rows[-1][3] if rows else None, effects=effects)


def _effect(tag: str, before: float, after: float, messages: Sequence[_Scored]) -> Effect:
    """`messages` come newest first."""
    low, high = sorted((before, after))
    moved = [one for one in messages if low <= one.probability < high]
    verdicts = _verdicts(tag, [one.pk for one in moved if one.reviewed], holds=after < before)
    return Effect(
        tag=tag,
        before=before,
        after=after,
        having=sum(one.probability >= before for one in messages),
        moved=len(moved),
        right=sum(becomes == "right" for becomes in verdicts.values()),
        wrong=sum(becomes == "wrong" for becomes in verdicts.values()),
        columns=_columns(one.probability for one in messages),
        examples=_examples(moved, verdicts),
    )


def _verdicts(tag: str, messages: Sequence[int], *, holds: bool) -> dict[int, Becomes]:
    """What each of these reviewed messages becomes when the tag `holds` for it, or no more.

    By the review that holds, where the tag existed when it was written.
    """
    reviews = reviewing.holding(messages)
    return {
        pk: "right" if (tag in tags) == holds else "wrong"
        for pk, tags, known in reviews.values_list("message_id", "tags", "labelled_for")
        if tag in known
    }


def _columns(probabilities: Iterable[float]) -> list[int]:
    counts = [0] * COLUMNS
    for probability in probabilities:
        counts[min(int(probability * COLUMNS), COLUMNS - 1)] += 1
    return counts


def _examples(moved: Sequence[_Scored], verdicts: Mapping[int, Becomes]) -> list[Example]:
    """What goes wrong first, then what comes right, then the rest, the newest of each first."""
    order: tuple[Becomes, ...] = ("wrong", "right", "")
    shown = sorted(moved, key=lambda one: order.index(verdicts.get(one.pk, "")))[:EXAMPLES]
    found = Message.objects.in_bulk([one.pk for one in shown])
    return [
        Example(
            message=found[one.pk], probability=one.probability, becomes=verdicts.get(one.pk, "")
        )
        for one in shown
        if one.pk in found  # may have been erased meanwhile
    ]
