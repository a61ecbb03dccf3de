"""Finds where a model is unsure: the probabilities from which too few decisions are right."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier import decision
from classifier.manifest import Band
from training.decision.metrics import Flags, Floats

RIGHT = 0.8  # share of right decisions from which nobody need look
POINTS = 40  # of the coverage curve


def band(probabilities: Floats, gold: Flags, *, weight: Floats | None = None) -> Band:
    """(low, high): of tags with a probability in between, fewer than RIGHT would be decided right.

    From held-out probabilities and labels [messages, tags], all tags pooled, since they are
    calibrated; `weight` [messages] says how much each message counts. Isotonic regression gives
    the share that holds at each probability; below `low` at least RIGHT do not hold, from `high`
    on at least RIGHT do.
    """
    from sklearn.isotonic import IsotonicRegression

    share = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    each = None if weight is None else np.repeat(weight, gold.shape[1])
    share.fit(probabilities.ravel(), gold.ravel().astype(float), sample_weight=each)
    at = np.linspace(0.0, 1.0, 1001)
    holds = share.predict(at)
    low = at[holds <= 1 - RIGHT].max(initial=0.0)
    high = at[holds >= RIGHT].min(initial=1.0)
    return round(float(low), 3), round(float(high), 3)


def summary(
    gold: Flags, probabilities: Floats, *, thresholds: NDArray[np.float64], band: Band
) -> dict[str, Any]:
    """What the band does on held-out messages [messages, tags].

    The share of messages asked about, how many of these and of the others have all tags right,
    and `coverage`: (share of the messages kept, share of these all right), surest first. A message
    is as sure as its least sure tag: by the distance of its logit from the threshold's.
    """
    right = (gold == (probabilities >= thresholds)).all(axis=1)
    unsure = asked(probabilities, thresholds, band)
    distance = np.abs(_logit(probabilities) - _logit(thresholds)).min(axis=1)
    return {
        "asked": float(unsure.mean()),
        "exact_match_asked": _share(right[unsure]),
        "exact_match_others": _share(right[~unsure]),
        "coverage": _coverage(right[np.argsort(-distance, kind="stable")]),
    }


def asked(probabilities: Floats, thresholds: NDArray[np.float64], band: Band) -> Flags:
    """Which messages a person should look at, [messages]: one of their tags is unsure."""
    unsure = [
        [
            decision.asks_for_review(p, threshold=t, band=band)
            for p, t in zip(row, thresholds, strict=True)
        ]
        for row in probabilities
    ]
    return np.asarray(np.array(unsure, dtype=bool).any(axis=1))


def _coverage(right: Flags) -> list[list[float]]:
    counts = np.unique(np.linspace(1, len(right), POINTS).round().astype(int))
    return [[float(n / len(right)), float(right[:n].mean())] for n in counts]


def _share(right: Flags) -> float | None:
    return float(right.mean()) if len(right) else None


def _logit(p: Floats) -> Floats:
    clipped = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))
