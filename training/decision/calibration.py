"""Temperature scaling: makes a probability of 0.8 be right eight times in ten.

One temperature T for each tag, probability = sigmoid(logit / T), fitted by the negative
log-likelihood on held-out messages (Guo et al. 2017, "On Calibration of Modern Neural Networks").
"""

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from training.decision.metrics import Flags, Floats

BOUNDS = (np.log(0.25), np.log(10.0))
# Weight of the pull of a tag's log temperature towards the one shared by all tags, in messages.
PULL = 10.0


def fit_temperatures(
    logits: Floats, gold: Flags, *, pull: float = PULL, weight: Floats | None = None
) -> list[float]:
    """A temperature for each tag from held-out logits and labels [messages, tags].

    `weight`: how much each message counts, [messages]; None: all the same.

    A shared one is fitted first; each tag's own is pulled towards it, since a few positives
    cannot carry an estimate of their own.
    """
    each = np.ones(len(logits)) if weight is None else weight
    shared = _minimise(lambda t: _loss(logits, gold, t, each[:, None]))
    own = [
        _minimise(
            lambda t, c=column: _loss(logits[:, c], gold[:, c], t, each) + pull * (t - shared) ** 2
        )
        for column in range(logits.shape[1])
    ]
    return [round(float(np.exp(t)), 4) for t in own]


def _loss(logits: Floats, gold: Flags, log_temperature: float, weight: Floats) -> float:
    z = logits.astype(np.float64) / np.exp(log_temperature)
    return float(np.sum(weight * (np.logaddexp(0.0, z) - gold * z)))


def _minimise(loss: Any) -> float:
    return float(minimize_scalar(loss, bounds=BOUNDS, method="bounded").x)
