"""Gathers what a finished training has to say: the facts of its card and its manifest."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier import text
from classifier.artefact import Manifest
from classifier.engine import Exit
from classifier.manifest import Band, EarlyExit
from training.datasets.dataset import Example
from training.decision import metrics, stream
from training.evaluation import quality
from training.export.onnx_graph import Exported
from training.learning.config import TrainingConfig
from training.learning.finetune import Fitted
from training.models import Dataset

LIBRARIES = ("torch", "transformers", "tokenizers", "onnx", "onnxruntime", "numpy", "scikit-learn")
# What the registry shows of a version; the card holds all.
HEADLINE = (
    "support",
    "micro_f1",
    "micro_f1_interval",
    "macro_f1",
    "exact_match",
    "no_tag_accuracy",
    "stream",
    "per_tag",
)


@dataclass(frozen=True)
class HeldOut:
    """Messages with the logits [exits, messages, tags] of a network that did not learn from them.

    `folds`: how many networks had a part in that; None when it is the one that will serve.
    """

    examples: Sequence[Example]
    exits: NDArray[np.float32]
    folds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """How logits become tags: a temperature and a threshold for each tag, in output order."""

    threshold: float
    thresholds: dict[str, float]
    temperatures: dict[str, float]
    review_band: Band  # probabilities from which too few decisions are right
    curve: list[tuple[float, float]]  # (global threshold, held-out micro-F1)
    early_exit: EarlyExit | None = None

    def holds(self, exits: metrics.Floats) -> metrics.Flags:
        """Which tags hold, [messages, tags], by the logits [exits, messages, tags]."""
        probabilities = metrics.sigmoid(self.answered(exits) / self._each(self.temperatures))
        return np.asarray(probabilities >= self._each(self.thresholds))

    def ends_early(self, exits: metrics.Floats) -> metrics.Flags:
        """Which messages end at the early exit, [messages]; with logits of one exit alone, none."""
        if self.early_exit is None or len(exits) == 1:
            return np.zeros(exits.shape[1], dtype=bool)
        temperatures = self._each(self.early_exit.temperatures).tolist()
        early = Exit(temperatures, self.early_exit.band)
        return early.decides(early.probabilities(exits[0]))

    def answered(self, exits: metrics.Floats) -> metrics.Floats:
        """The logits that answer, [messages, tags]; early ones on the scale of the others, so that
        `temperatures` make probabilities of all of them."""
        if self.early_exit is None or len(exits) == 1:
            return np.asarray(exits[-1])
        scale = self._each(self.temperatures) / self._each(self.early_exit.temperatures)
        early = self.ends_early(exits)[:, None]
        return np.asarray(np.where(early, exits[0] * scale, exits[-1]))

    def _each(self, values: dict[str, float]) -> NDArray[np.float64]:
        """[tags], in the model's order."""
        return np.array([values[tag] for tag in self.thresholds])


def build(
    *,
    fitted: Fitted,
    exported: Exported,
    decision: Decision,
    dataset: Dataset,
    validation: HeldOut,
    test: HeldOut,
) -> dict[str, Any]:
    """All facts of a version, JSON-able.

    `validation` is what the decision rests on; `test` has the logits of the graphs that will serve.
    """
    now = datetime.now(UTC)
    evaluated = {
        name: quality.evaluate(
            split.examples,
            logits=decision.answered(split.exits),
            temperatures=decision.temperatures,
            thresholds=decision.thresholds,
            review_band=decision.review_band,
            untagged_share=fitted.config.untagged_share,
        )
        for name, split in (("validation", validation), ("test", test))
    }
    return {
        "name": f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        "created_at": now.isoformat(timespec="seconds"),
        "base_model": fitted.config.base_model,
        "config": fitted.config.as_dict(),
        "dataset": {
            "digest": dataset.digest,
            "sizes": dataset.sizes,
            "per_tag": dataset.stats["per_tag"],
            "unknown": dataset.stats.get("unknown", {}),
        },
        "precision": exported.precision,
        "precision_reason": exported.reason,
        "size_bytes": exported.size_bytes,
        **_speed(exported, decision),
        "folds": validation.folds,
        "libraries": {name: version(name) for name in LIBRARIES},
        "history": fitted.history,
        "threshold": decision.threshold,
        "thresholds": decision.thresholds,
        "temperatures": decision.temperatures,
        "review_band": list(decision.review_band),
        "threshold_curve": [list(point) for point in decision.curve],
        "early_exit": _early_exit(test, decision, fitted),
        **evaluated,
        "export": {
            "max_abs_difference": exported.max_difference,
            **{f"{name}_micro_f1": score for name, score in exported.micro_f1.items()},
        },
    }


def _early_exit(test: HeldOut, decision: Decision, fitted: Fitted) -> dict[str, Any] | None:
    """Who ends early on the test split, and what the whole network alone would have scored."""
    if decision.early_exit is None or fitted.network.early is None:
        return None
    gold, exits = metrics.settle_unknown(
        quality.labels(test.examples, list(decision.thresholds)), test.exits
    )
    ends, weight = decision.ends_early(exits), stream.weights(gold, fitted.config.untagged_share)
    answered, whole = decision.holds(exits), decision.holds(exits[-1:])
    return {
        **asdict(decision.early_exit),
        "layers": fitted.network.early.layers,
        "share": float(ends.mean()),
        "share_in_stream": float(np.average(ends, weights=weight)),
        "different": float((answered != whole).any(axis=1).mean()),
        "micro_f1": metrics.micro_f1(gold, answered),
        "micro_f1_whole": metrics.micro_f1(gold, whole),
    }


def _speed(exported: Exported, decision: Decision) -> dict[str, Any]:
    """Milliseconds a message of the graphs that will serve, and what int8 gains over float, where
    there is such a graph."""
    early = decision.ends_early(exported.exits)
    served = 1000 * np.where(early, *exported.seconds[exported.precision][[0, -1]])
    medians = {name: np.median(seconds[-1]) for name, seconds in exported.seconds.items()}
    return {
        "latency_ms": {f"p{part}": float(np.percentile(served, part)) for part in (50, 95)},
        "speed_up": float(medians["float32"] / medians["int8"]) if "int8" in medians else None,
    }


def manifest(facts: dict[str, Any], decision: Decision, config: TrainingConfig) -> Manifest:
    return Manifest(
        name=facts["name"],
        created_at=facts["created_at"],
        base_model=config.base_model,
        tags=tuple(decision.thresholds),
        threshold=decision.threshold,
        thresholds=decision.thresholds,
        temperatures=decision.temperatures,
        review_band=decision.review_band,
        early_exit=decision.early_exit,
        max_length=config.max_length,
        text_cleaning=text.VERSION,
        text_prefix=config.text_prefix,
        precision=facts["precision"],
        precision_reason=facts["precision_reason"],
        dataset_digest=facts["dataset"]["digest"],
        metrics={
            split: {key: facts[split][key] for key in HEADLINE} for split in ("validation", "test")
        }
        | ({"folds": facts["folds"]} if facts["folds"] else {})
        | ({"quick": facts["quick"]} if "quick" in facts else {}),
        config=config.as_dict(),
    )
