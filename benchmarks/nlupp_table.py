"""The figures of the NLU++ benchmark as a Markdown table."""

import os
import statistics
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import nlupp_methods
import torch
from nlupp_data import REGIMES, Domain

NAMES = {
    "tfidf": "TF-IDF + logistic regression",
    "frozen": "frozen all-MiniLM-L6-v2 + logistic regression",
    "original": "original recipe, all-MiniLM-L6-v2",
    "setfit": "SetFit, one-vs-rest, all-MiniLM-L6-v2",
    "beez": "Beez, all-MiniLM-L6-v2",
    "beez-int8": "the same, as it serves: int8 in ONNX Runtime",
}


def markdown(domain: Domain, regime: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    examples = len(domain.split(regime, 0)[0].texts)
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("torch", "scikit-learn"))
    lines = [
        f"NLU++ {domain.name}, {regime}: {examples} training examples a run (the first), "
        f"{len(domain.descriptions)} intents.",
        "",
        "| method | micro-F1, mean ± sd | runs | threshold | training, s | µs a message |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_line(method, some, REGIMES[regime]) for method, some in rows.items()),
        "",
        f"Inference: one message at a time from text to probabilities, median, {versions}, "
        f"{torch.get_num_threads()} threads of {os.cpu_count()} cores; float32 but where int8 is "
        "named. Training includes the tuning of thresholds on the training folds.",
    ]
    return "\n".join(lines)


def _line(method: str, rows: Sequence[Mapping[str, Any]], runs: int) -> str:
    if not rows:
        return f"| {NAMES[method]} | {nlupp_methods.missing(method) or 'not run yet'} | | | | |"
    scores = [100 * row["micro_f1"] for row in rows]
    spread = f" ± {statistics.stdev(scores):.1f}" if len(scores) > 1 else ""
    cells = [
        NAMES[method],
        f"{statistics.mean(scores):.1f}{spread}",
        f"{len(rows)} of {runs}",
        f"{statistics.mean(row['threshold'] for row in rows):.2f}",
        f"{statistics.mean(row['training_seconds'] for row in rows):.1f}",
        f"{statistics.mean(row['microseconds'] for row in rows):.0f}",
    ]
    return f"| {' | '.join(cells)} |"
