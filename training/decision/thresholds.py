"""Chooses the probability from which a tag holds: one global threshold, then one per tag."""

import numpy as np
from numpy.typing import NDArray

from training.decision import metrics
from training.decision.metrics import Flags, Floats

Grid = tuple[float, float, float]  # lowest, highest, step

# A tag's own best threshold weighs as much as the global one at this many positive examples.
SHRINKAGE = 200.0


def candidates(grid: Grid) -> NDArray[np.float64]:
    low, high, step = grid
    return np.round(np.arange(low, high + step / 2, step), 6)


def curve(
    probabilities: Floats, gold: Flags, grid: Grid, *, weight: Floats | None = None
) -> list[tuple[float, float]]:
    """(threshold, micro-F1) for every threshold of the grid; `weight` [messages] as there."""
    return [
        (float(t), metrics.micro_f1(gold, probabilities >= t, weight)) for t in candidates(grid)
    ]


def search_global(
    probabilities: Floats, gold: Flags, grid: Grid, *, weight: Floats | None = None
) -> float:
    """The threshold of the best micro-F1; the middle of the plateau where several tie."""
    points = curve(probabilities, gold, grid, weight=weight)
    best = max(score for _, score in points)
    tied = [t for t, score in points if score >= best - 1e-9]
    return tied[len(tied) // 2]


def search_per_tag(
    probabilities: Floats,
    gold: Flags,
    grid: Grid,
    *,
    threshold: float,
    shrinkage: float = SHRINKAGE,
    weight: Floats | None = None,
) -> list[float]:
    """Each tag's own best threshold, shrunk towards the global one where examples are few.

    trust = n / (n + shrinkage) with n positive examples (an empirical-Bayes style shrinkage).
    """
    out = []
    for column in range(gold.shape[1]):
        positives = int(gold[:, column].sum())
        if positives == 0:
            out.append(threshold)
            continue
        own = search_global(probabilities[:, [column]], gold[:, [column]], grid, weight=weight)
        trust = positives / (positives + shrinkage)
        out.append(round(trust * own + (1 - trust) * threshold, 4))
    return out
