"""Multi-label metrics, as pure arithmetic on arrays [messages, tags].

Labels are 1 where the tag holds, 0 where it does not, and not-a-number where nobody has said.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]
Labels = Flags | Floats
TOO_FEW = 10  # messages with a tag, under which its F1 says nothing
SURELY_NOT = -1e4  # a logit, or any other score, that no temperature or threshold lets through


def sigmoid(logits: Floats) -> NDArray[np.float64]:
    values = np.clip(logits.astype(np.float64), -60, 60)
    return 1.0 / (1.0 + np.exp(-values))


def settle_unknown(labels: Labels, scores: Floats) -> tuple[Flags, Floats]:
    """(gold, scores) in which the unknown labels have become sure and right negatives.

    They then cost no likelihood, and are neither hits nor misses at any threshold.
    """
    return labels == 1, np.where(np.isnan(labels), SURELY_NOT, scores)


def f1(true_positive: float, false_positive: float, false_negative: float) -> float:
    """2TP / (2TP + FP + FN); 0 where nothing is there and nothing was said."""
    total = 2 * true_positive + false_positive + false_negative
    return 2 * true_positive / total if total else 0.0


def micro_f1(gold: Flags, predicted: Flags, weight: Floats | None = None) -> float:
    """F1 of all decisions pooled (van Rijsbergen's F with beta 1).

    `weight`: how much each message counts, [messages]; None: all the same.
    """
    hits, said, support = (_count(flags, weight) for flags in (gold & predicted, predicted, gold))
    return f1(hits, said - hits, support - hits)


def _count(flags: Flags, weight: Floats | None) -> float:
    if weight is None:
        return int(np.count_nonzero(flags))
    return float(weight @ np.count_nonzero(flags, axis=1))


def per_tag(gold: Flags, predicted: Flags, tags: list[str]) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and support of each tag; a ratio with nothing below it is 0."""
    out = {}
    for column, tag in enumerate(tags):
        g, p = gold[:, column], predicted[:, column]
        hits, said, support = int(np.sum(g & p)), int(np.sum(p)), int(np.sum(g))
        out[tag] = {
            "precision": hits / said if said else 0.0,
            "recall": hits / support if support else 0.0,
            "f1": float(f1(hits, said - hits, support - hits)),
            "support": support,
        }
    return out


def macro_f1(gold: Flags, predicted: Flags) -> float:
    """Mean of the tags' F1, over tags that occur or were predicted."""
    present = (gold | predicted).any(axis=0)
    if not present.any():
        return 0.0
    columns = np.flatnonzero(present)
    return float(np.mean([micro_f1(gold[:, [c]], predicted[:, [c]]) for c in columns]))


def exact_match(gold: Flags, predicted: Flags) -> float:
    return float(np.mean((gold == predicted).all(axis=1))) if len(gold) else 0.0


def no_tag_accuracy(gold: Flags, predicted: Flags) -> float | None:
    """Of the messages without any tag, the share that got none; None where there are none."""
    empty = ~gold.any(axis=1)
    return float(np.mean(~predicted[empty].any(axis=1))) if empty.any() else None


def confusion(gold: Flags, predicted: Flags, tags: list[str]) -> dict[str, Any]:
    """Counts: row = a gold tag (or none), column = what was predicted.

    A gold tag that was found counts on the diagonal; a missed one counts for every tag that was
    wrongly given to that message, or for "none" when nothing was. The row "none" holds tags given
    to messages without any.
    """
    none = len(tags)
    matrix = np.zeros((none + 1, none + 1), dtype=int)
    for g, p in zip(gold, predicted, strict=True):
        wrong = np.flatnonzero(p & ~g)
        for tag in np.flatnonzero(g) if g.any() else [none]:
            if tag != none and p[tag]:
                matrix[tag, tag] += 1
            elif len(wrong):
                matrix[tag, wrong] += 1
            else:
                matrix[tag, none] += 1
    return {"labels": [*tags, "none"], "matrix": matrix.tolist()}


def calibration_bins(
    labels: Labels, probabilities: Floats, *, bins: int = 15
) -> list[tuple[float, float, int]]:
    """(mean probability, share true, count) in bins of equal mass, all known decisions pooled."""
    known = ~np.isnan(labels)
    p, g = probabilities[known], labels[known]
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [(float(p[part].mean()), float(g[part].mean()), len(part)) for part in parts]


def calibration_error(labels: Labels, probabilities: Floats, *, bins: int = 15) -> float:
    """Expected calibration error, equal-mass bins, computed per tag and averaged.

    Unknown labels are left out, and so is a tag without a known one.
    Naeini et al. 2015 with the adaptive bins of Nixon et al. 2019.
    """
    errors = []
    for column in range(labels.shape[1]):
        parts = calibration_bins(labels[:, column], probabilities[:, column], bins=bins)
        if known := sum(n for _, _, n in parts):
            errors.append(sum(abs(p - share) * n for p, share, n in parts) / known)
    return float(np.mean(errors)) if errors else 0.0


def micro_f1_difference(
    gold: Flags, one: Flags, other: Flags, *, seed: int = 0, draws: int = 1000
) -> tuple[float, float, float]:
    """(micro-F1 of `one` minus that of `other`, low, high): 95% paired bootstrap over messages."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(gold), size=(draws, len(gold)))
    drawn = [micro_f1(gold[r], one[r]) - micro_f1(gold[r], other[r]) for r in rows]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return micro_f1(gold, one) - micro_f1(gold, other), float(low), float(high)


def micro_f1_interval(
    gold: Flags, predicted: Flags, *, seed: int = 0, draws: int = 1000
) -> tuple[float, float]:
    """95% percentile bootstrap over messages (Efron 1979)."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(gold), size=(draws, len(gold)))
    scores = [micro_f1(gold[r], predicted[r]) for r in rows]
    return float(np.quantile(scores, 0.025)), float(np.quantile(scores, 0.975))
