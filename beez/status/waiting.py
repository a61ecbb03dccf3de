"""What waits for a person's review, counted up to a bound."""

from dataclasses import dataclass

from conversations.models import Message

MOST = 1000  # are counted; more is more than anybody looks at today


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Messages that nobody has reviewed, each figure at most MOST.

    `unsure`: of which the model is unsure; `drawn`: of those that chance has chosen.
    """

    unsure: int
    drawn: int


def now() -> Waiting:
    """By the partial indexes of what waits. Raises Django's database errors."""
    open_ones = Message.objects.filter(reviewed=False).order_by()
    return Waiting(
        unsure=open_ones.filter(unsure=True)[:MOST].count(),
        drawn=open_ones.filter(sampled=True)[:MOST].count(),
    )
