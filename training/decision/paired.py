"""How much better or worse one version answers than another on the same messages, and whether
chance alone would do as much. Pure arithmetic on arrays [messages, tags].
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from training.decision.metrics import TOO_FEW, Flags, Floats

# Intervals of many tags at once reach far into the tails, which a thousand draws do not show.
DRAWS = 10_000
ERROR = 0.05  # of the differences that are called one, by chance alone
_CHUNK = 500  # draws at once: 500 × 5,000 messages take about 20 MB

Finding = Literal["better", "worse", "same", "undecidable"]
Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """F1 of two versions on the same messages; `low` to `high` holds what chance would do.

    `support`: how often a tag holds. `finding`: "undecidable" with fewer than TOO_FEW of those.
    """

    support: int
    champion: float
    challenger: float
    difference: float
    low: float
    high: float
    finding: Finding


def differences(
    gold: Flags,
    *,
    challenger: Flags,
    champion: Flags,
    weight: Floats | None = None,
    seed: int = 0,
    draws: int = DRAWS,
) -> tuple[Difference, list[Difference]]:
    """(over all tags pooled, tag by tag): F1 of `challenger` minus that of `champion`.

    Percentile intervals of a paired bootstrap over messages (Efron 1979; Koehn 2004 for pairs): 95%
    for all tags pooled. Those of the tags are wide enough to hold for all of them at once with
    95% (Bonferroni, over the tags with enough examples), for else one in ten versions that are as
    good would be called worse on some tag of five. `weight`: how much each message counts.
    """
    support = np.append(gold.sum(axis=0), gold.sum())
    judged = max(int((support[:-1] >= TOO_FEW).sum()), 1)
    counts = _counts(gold, challenger, champion)
    if weight is not None:
        counts = counts * weight[:, None, None]
    drawn = _drawn(counts, seed=seed, draws=draws)
    tails = [ERROR / 2 / judged] * gold.shape[1] + [ERROR / 2]
    lows = [float(np.quantile(drawn[:, at], tail)) for at, tail in enumerate(tails)]
    highs = [float(np.quantile(drawn[:, at], 1 - tail)) for at, tail in enumerate(tails)]
    scores = _f1(counts.sum(axis=0))
    found = [
        Difference(
            support=int(support[at]),
            champion=float(scores[1, at]),
            challenger=float(scores[0, at]),
            difference=float(scores[0, at] - scores[1, at]),
            low=lows[at],
            high=highs[at],
            finding=_finding(int(support[at]), lows[at], highs[at]),
        )
        for at in range(len(support))
    ]
    return found[-1], found[:-1]


def _finding(support: int, low: float, high: float) -> Finding:
    if support < TOO_FEW:
        return "undecidable"
    return "worse" if high < 0 else "better" if low > 0 else "same"


def _counts(gold: Flags, challenger: Flags, champion: Flags) -> Array:
    """[messages, 4, tags and all of them]: twice the hits, then what was said or holds, of each."""
    parts = [2.0 * (gold & challenger), 2.0 * (gold & champion)]
    parts += [gold * 1.0 + challenger, gold * 1.0 + champion]
    stacked = np.stack(parts, axis=1)
    return np.concatenate([stacked, stacked.sum(axis=2, keepdims=True)], axis=2)


def _f1(counts: Array) -> Array:
    """[…, 2, tags and all] from counts [… , 4, tags and all]; 0 where there is nothing."""
    hits, total = counts[..., :2, :], counts[..., 2:, :]
    return np.divide(hits, total, out=np.zeros_like(hits), where=total > 0)


def _drawn(counts: Array, *, seed: int, draws: int) -> Array:
    """[draws, tags and all]: the difference in samples of as many messages, with repetition."""
    rng = np.random.default_rng(seed)
    size, flat = len(counts), counts.reshape(len(counts), -1)
    found = []
    for start in range(0, draws, _CHUNK):
        number = min(_CHUNK, draws - start)
        rows = rng.integers(0, size, size=(number, size)) + size * np.arange(number)[:, None]
        times = np.bincount(rows.ravel(), minlength=number * size).reshape(number, size)
        scores = _f1((times @ flat).reshape(number, *counts.shape[1:]))
        found.append(scores[:, 0] - scores[:, 1])
    return np.concatenate(found)
