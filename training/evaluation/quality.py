"""Says how good a model is on messages that it has not seen: the figures of the model card."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.manifest import Band
from training.datasets.reading import Example
from training.decision import metrics, review, stream
from training.decision.metrics import Flags, Floats, Labels


def labels(examples: Sequence[Example], tags: Sequence[str]) -> NDArray[np.float64]:
    """[messages, tags]: 1 where the tag holds, 0 where not, not-a-number where it is unknown."""
    return np.array(
        [[np.nan if tag in e.unknown else tag in e.tags for tag in tags] for e in examples],
        dtype=np.float64,
    ).reshape(len(examples), len(tags))


def evaluate(
    examples: Sequence[Example],
    *,
    logits: Floats,
    temperatures: Mapping[str, float],
    thresholds: Mapping[str, float],
    review_band: Band,
    untagged_share: float = stream.UNTAGGED_SHARE,
) -> dict[str, Any]:
    """`figures` from logits, with the calibration before and after the temperatures, and what
    the review band does."""
    known = labels(examples, list(thresholds))
    probabilities = metrics.sigmoid(logits / np.array([temperatures[tag] for tag in thresholds]))
    return figures(
        examples,
        probabilities=probabilities,
        thresholds=thresholds,
        untagged_share=untagged_share,
    ) | {
        "calibration": {
            "before": _calibration(known, metrics.sigmoid(logits)),
            "after": _calibration(known, probabilities),
        },
        "review": review.summary(
            *metrics.settle_unknown(known, probabilities),
            thresholds=np.array(list(thresholds.values())),
            band=review_band,
        ),
    }


def figures(
    examples: Sequence[Example],
    *,
    probabilities: Floats,
    thresholds: Mapping[str, float],
    untagged_share: float = stream.UNTAGGED_SHARE,
) -> dict[str, Any]:
    """All figures of a set of messages, JSON-able; columns are in the order of `thresholds`.

    A tag that is unknown for a message counts there as neither right nor wrong.
    """
    tags = list(thresholds)
    gold, probabilities = metrics.settle_unknown(labels(examples, tags), probabilities)
    predicted = probabilities >= np.array(list(thresholds.values()))
    return {
        "support": len(examples),
        "micro_f1": metrics.micro_f1(gold, predicted),
        "micro_f1_interval": list(metrics.micro_f1_interval(gold, predicted)),
        "macro_f1": metrics.macro_f1(gold, predicted),
        "exact_match": metrics.exact_match(gold, predicted),
        "stream": stream.figures(gold, predicted, tags, untagged_share=untagged_share),
        "no_tag_accuracy": metrics.no_tag_accuracy(gold, predicted),
        "average_tags": float(predicted.sum(axis=1).mean()),
        "average_gold_tags": float(gold.sum(axis=1).mean()),
        "per_tag": metrics.per_tag(gold, predicted, tags),
        "groups": _groups(examples, gold, predicted),
        "confusion": metrics.confusion(gold, predicted, tags),
    }


def _groups(examples: Sequence[Example], gold: Flags, predicted: Flags) -> dict[str, Any]:
    """The targeted groups, each apart."""
    out = {}
    for group in sorted({e.group for e in examples if e.group}):
        rows = np.array([e.group == group for e in examples])
        out[group] = {
            "support": int(rows.sum()),
            "exact_match": metrics.exact_match(gold[rows], predicted[rows]),
            "micro_f1": metrics.micro_f1(gold[rows], predicted[rows]),
        }
    return out


def _calibration(labels: Labels, probabilities: Floats) -> dict[str, Any]:
    return {
        "ece": metrics.calibration_error(labels, probabilities),
        "bins": [list(row) for row in metrics.calibration_bins(labels, probabilities)],
    }
