"""Finds where a model is unsure: the probabilities from which too few decisions are right."""

import numpy as np
from numpy.typing import NDArray

from training import metrics
from training.metrics import Flags, Floats

RIGHT = 0.8  # share of right decisions from which nobody need look


def band(probabilities: Floats, gold: Flags) -> tuple[float, float]:
    """(low, high): of tags with a probability in between, fewer than RIGHT would be decided right.

    From held-out probabilities and labels [messages, tags], all tags pooled, since they are
    calibrated. Isotonic regression gives the share that holds at each probability; below `low` at
    least RIGHT do not hold, from `high` on at least RIGHT do.
    """
    from sklearn.isotonic import IsotonicRegression

    share = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    share.fit(probabilities.ravel(), gold.ravel().astype(float))
    at = np.linspace(0.0, 1.0, 1001)
    holds = share.predict(at)
    low = at[holds <= 1 - RIGHT].max(initial=0.0)
    high = at[holds >= RIGHT].min(initial=1.0)
    return round(float(low), 3), round(float(high), 3)


def asked(
    probabilities: Floats, thresholds: NDArray[np.float64], band: tuple[float, float]
) -> Flags:
    """Which messages a person should look at, [messages]: one of their tags is unsure."""
    low, high = np.minimum(band[0], thresholds), np.maximum(band[1], thresholds)
    return np.asarray(((probabilities >= low) & (probabilities < high)).any(axis=1))


def coverage(
    gold: Flags, probabilities: Floats, thresholds: NDArray[np.float64], *, points: int = 40
) -> list[tuple[float, float]]:
    """(share of the messages kept, share of these with all tags right), surest messages first.

    A message is as sure as its least sure tag: the distance of its logit from the threshold's.
    """
    clipped = np.clip(probabilities, 1e-6, 1 - 1e-6)
    distance = np.abs(_logit(clipped) - _logit(thresholds)).min(axis=1)
    right = (gold == (probabilities >= thresholds)).all(axis=1)[np.argsort(-distance)]
    counts = np.unique(np.linspace(1, len(right), points).round().astype(int))
    return [(float(n / len(right)), float(right[:n].mean())) for n in counts]


def summary(
    gold: Flags,
    probabilities: Floats,
    thresholds: NDArray[np.float64],
    band: tuple[float, float],
) -> dict[str, float | None]:
    """What the band does on held-out messages: its share, and how right answers are in and out."""
    predicted = probabilities >= thresholds
    unsure = asked(probabilities, thresholds, band)
    return {
        "asked": float(unsure.mean()),
        "exact_match_asked": _exact(gold, predicted, unsure),
        "exact_match_others": _exact(gold, predicted, ~unsure),
    }


def _exact(gold: Flags, predicted: Flags, rows: Flags) -> float | None:
    return metrics.exact_match(gold[rows], predicted[rows]) if rows.any() else None


def _logit(p: Floats) -> Floats:
    return np.asarray(np.log(p) - np.log1p(-p))
