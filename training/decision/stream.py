"""A shop's stream, in which most messages carry no tag: held-out messages weighed to be like it.

Files of labelled messages are rich in tags, so what is chosen on them as they are gives a shop too
many. Weighing the messages without a tag up to their share in the stream corrects that (prior
shift: Saerens, Latinne and Decaestecker 2002, with the weights on the messages in place of the
answers).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.decision import metrics
from training.decision.metrics import Flags

UNTAGGED_SHARE = 0.75  # of the messages that a shop sees, unless its own share is known
MESSAGES = 1000  # false alarms are told for so many
# A file with a handful of untagged messages cannot say what a stream of them is like.
HEAVIEST = 10.0  # times the weight of a tagged message that an untagged one gets at most

Weights = NDArray[np.float64]  # [messages], mean 1


def weights(gold: Flags, untagged_share: float) -> Weights:
    """Weights with which the messages without a tag make `untagged_share` of all.

    All ones where either kind is missing: there is nothing to weigh it up with. Where untagged
    messages are so few that each would weigh more than HEAVIEST tagged ones, they weigh that.
    """
    untagged = ~gold.any(axis=1)
    share = float(untagged.mean()) if len(gold) else 0.0
    if not 0 < share < 1:
        return np.ones(len(gold))
    heavier = min(untagged_share / (1 - untagged_share) * (1 - share) / share, HEAVIEST)
    weight = np.where(untagged, heavier, 1.0)
    return np.asarray(weight / weight.mean())


def figures(
    gold: Flags, predicted: Flags, tags: list[str], *, untagged_share: float
) -> dict[str, Any]:
    """Precision, recall and micro-F1 in the stream, wrong tags in MESSAGES messages, tag by tag
    too; None where the messages are all of one kind, tagged or not."""
    if gold.any(axis=1).all() or not gold.any():
        return {"untagged_share": untagged_share, "micro_f1": None}
    weight = weights(gold, untagged_share)
    overall = _ratios(gold, predicted, weight)
    return {
        "untagged_share": untagged_share,
        **overall,
        "per_tag": {
            tag: _ratios(gold[:, [column]], predicted[:, [column]], weight)
            for column, tag in enumerate(tags)
        },
    }


def _ratios(gold: Flags, predicted: Flags, weight: Weights) -> dict[str, float]:
    said, support, hits = (
        float(weight @ flags.sum(axis=1)) for flags in (predicted, gold, gold & predicted)
    )
    return {
        "precision": hits / said if said else 0.0,
        "recall": hits / support if support else 0.0,
        "micro_f1": metrics.f1(hits, said - hits, support - hits),
        "false_alarms": MESSAGES * (said - hits) / len(gold),
    }
