"""Gathers what a finished training has to say: the facts of its card and its manifest."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.artefact import Manifest
from classifier.engine import Graph
from training import evaluation, metrics
from training.config import TrainingConfig
from training.dataset import Example
from training.export import Exported
from training.finetune import Fitted
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
    "per_tag",
)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """How logits become tags: a temperature and a threshold for each tag, in output order."""

    threshold: float
    thresholds: dict[str, float]
    temperatures: dict[str, float]
    curve: list[tuple[float, float]]  # (global threshold, validation micro-F1)

    def micro_f1(self, logits: metrics.Floats, labels: metrics.Labels) -> float:
        gold, logits = metrics.settle_unknown(labels, logits)
        probabilities = metrics.sigmoid(logits / np.array(list(self.temperatures.values())))
        return metrics.micro_f1(gold, probabilities >= np.array(list(self.thresholds.values())))


def build(
    *,
    fitted: Fitted,
    exported: Exported,
    decision: Decision,
    dataset: Dataset,
    splits: Mapping[str, Sequence[Example]],
    graph: Path,
) -> dict[str, Any]:
    """All facts of a version, JSON-able. The figures are those of `graph`, which will serve."""
    now = datetime.now(UTC)
    evaluated = {}
    latency: list[float] = []
    for name, examples in splits.items():
        logits, latency = _timed(fitted, graph, [e.message for e in examples])
        evaluated[name] = evaluation.evaluate(
            examples,
            logits=logits,
            temperatures=decision.temperatures,
            thresholds=decision.thresholds,
        )
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
        "latency_ms": {
            "p50": float(np.percentile(latency, 50)),
            "p95": float(np.percentile(latency, 95)),
        },
        "libraries": {name: version(name) for name in LIBRARIES},
        "history": fitted.history,
        "threshold": decision.threshold,
        "thresholds": decision.thresholds,
        "temperatures": decision.temperatures,
        "threshold_curve": [list(point) for point in decision.curve],
        **evaluated,
        "export": {
            "max_abs_difference": exported.max_difference,
            **{f"{name}_micro_f1": score for name, score in exported.micro_f1.items()},
        },
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
        max_length=config.max_length,
        precision=facts["precision"],
        precision_reason=facts["precision_reason"],
        dataset_digest=facts["dataset"]["digest"],
        metrics={
            split: {key: facts[split][key] for key in HEADLINE} for split in ("validation", "test")
        },
        config=config.as_dict(),
    )


def _timed(
    fitted: Fitted, graph: Path, messages: Sequence[str]
) -> tuple[NDArray[np.float32], list[float]]:
    """(logits [messages, tags], milliseconds for each message) of the graph that will serve."""
    served = Graph(graph, fitted.tokenizer)
    rows, milliseconds = [], []
    for message in messages:
        start = time.perf_counter()
        rows.append(served.logits(message))
        milliseconds.append((time.perf_counter() - start) * 1000)
    return np.array(rows, dtype=np.float32), milliseconds
