"""Chooses which messages may end at a network's early exit: those of which the rest of the network
would hardly ever say anything else."""

import numpy as np
from numpy.typing import NDArray

from classifier.manifest import Band
from training.decision.metrics import Flags, Floats

# Share of a stream that must end early: the exit's own heads take a tenth of a message's time, and
# ending there saves nearly half.
WORTH = 0.2
DIFFERENT = 0.005  # share of a stream's messages whose tag, or review, may come out otherwise


def band(
    early: Floats,
    whole: Floats,
    *,
    thresholds: NDArray[np.float64],
    review_band: Band,
    weight: Floats | None = None,
) -> Band:
    """(low, high): a message with a tag whose early probability lies in between goes on.

    From held-out probabilities [messages, tags] at the early exit and of the whole network, all
    tags pooled, since both are calibrated; `weight` [messages] says how much each message counts.
    Half of DIFFERENT are messages that end below `low` with a tag that the whole network would
    give or ask about, and half are those that end from `high` on with one that it would not give,
    or ask about. What is asked about early is never decided there.
    """
    each = np.ones(len(early)) if weight is None else weight
    allowed = DIFFERENT / 2 * each.sum()
    low = _edge(early, whole >= np.minimum(thresholds, review_band[0]), each, allowed)
    high = 1 - _edge(1 - early, whole < np.maximum(thresholds, review_band[1]), each, allowed)
    low = min(low, review_band[0], *thresholds)
    high = max(high, review_band[1], *thresholds)
    return float(np.floor(1000 * low) / 1000), float(np.ceil(1000 * high) / 1000)


def is_worth_it(early: Floats, band: Band, *, weight: Floats) -> bool:
    """Whether enough of the held-out messages, [messages, tags], would end early."""
    ends = ((early < band[0]) | (early >= band[1])).all(axis=1)
    return bool(np.average(ends, weights=weight) >= WORTH)


def _edge(probabilities: Floats, other: Flags, weight: Floats, allowed: float) -> float:
    """The highest probability below which `other` decisions weigh no more than is `allowed`."""
    order = np.argsort(probabilities, axis=None)
    weights = (weight[:, None] * other).ravel()[order]
    beyond = np.flatnonzero(weights.cumsum() > allowed)
    return float(probabilities.ravel()[order[beyond[0]]]) if len(beyond) else 1.0
