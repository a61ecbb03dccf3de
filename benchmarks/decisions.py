"""Measures how best to choose thresholds and temperatures, and lists labels that look wrong.

`python benchmarks/decisions.py` trains the preset once for each fold and keeps the out-of-fold
answers; then, over and over, it draws a few messages to decide on and scores the decisions on the
others. `--suspects FILE` writes the messages whose answers contradict their labels most.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
from new_tags_data import DATA, SHIPPED
from numpy.typing import NDArray
from tqdm import tqdm

from training.datasets import gathering
from training.datasets.reading import Example
from training.decision import calibration, metrics, review, thresholds
from training.decision.metrics import Flags, Floats
from training.evaluation import quality
from training.learning import crossfit
from training.learning.config import PRESETS, TrainingConfig
from training.runs.progress import Bars

TAGS = list(SHIPPED)
GRID = PRESETS["default"].thresholds
SIZES = (40, 80, 160, 320, 640, 1280)  # messages to decide on

Rows = NDArray[np.int64]
Scores = dict[str, dict[int, list[list[float]]]]  # way → messages to decide on → figures
Choose = Callable[[Floats, Flags], list[float]]


def own(strength: float) -> Choose:
    """Each tag's own threshold, shrunk as if `strength` positives spoke for the global one."""

    def choose(probabilities: Floats, gold: Flags) -> list[float]:
        threshold = thresholds.search_global(probabilities, gold, GRID)
        return thresholds.search_per_tag(
            probabilities, gold, GRID, threshold=threshold, shrinkage=strength
        )

    return choose


THRESHOLDS: dict[str, Choose] = {
    "0.5 for all": lambda _, gold: [0.5] * gold.shape[1],
    "one for all, searched": lambda p, gold: (
        [thresholds.search_global(p, gold, GRID)] * gold.shape[1]
    ),
    "each tag's own": own(0.0),
    "own, shrunk by 20": own(20.0),
    "own, shrunk by 60": own(60.0),
    "own, shrunk by 200": own(200.0),
}
TEMPERATURES: dict[str, Choose] = {
    "no temperature": lambda _, gold: [1.0] * gold.shape[1],
    "one temperature for all": lambda z, gold: calibration.fit_temperatures(z, gold, pull=1e9),
    "each tag's own temperature": lambda z, gold: calibration.fit_temperatures(z, gold, pull=0.0),
    "own, pulled by 10": lambda z, gold: calibration.fit_temperatures(z, gold, pull=10.0),
    "own, pulled by 100": lambda z, gold: calibration.fit_temperatures(z, gold, pull=100.0),
}


def main() -> None:
    options = _options()
    config = PRESETS[options.preset].with_changes(folds=options.folds)
    examples = _read(options.data)
    logits = _out_of_fold(examples, config, options.keep)
    gold = quality.labels(examples, TAGS) == 1
    print(_report(examples, logits, gold, options.draws))
    if options.suspects:
        rows = _suspects(examples, logits, gold)[: options.count]
        options.suspects.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))


def _read(path: Path) -> list[Example]:
    found = gathering.gather([path], known_tags=TAGS, max_length=10_000, max_bad_share=0.0)
    return [record.example for record in found.records]


def _out_of_fold(examples: Sequence[Example], config: TrainingConfig, keep: Path) -> Floats:
    """Trained once; kept under a name that stands for messages and settings."""
    content = json.dumps([[(e.message, e.tags) for e in examples], config.as_dict()])
    path = keep / f"{hashlib.sha256(content.encode()).hexdigest()[:16]}.npy"
    if not path.exists():
        exits = crossfit.out_of_fold(
            examples, TAGS, descriptions=SHIPPED, config=config, progress=Bars()
        )
        keep.mkdir(parents=True, exist_ok=True)
        np.save(path, exits[-1])
    kept: Floats = np.load(path)
    return kept


def _report(examples: Sequence[Example], logits: Floats, gold: Flags, draws: int) -> str:
    scores: Scores = {}
    rng = np.random.default_rng(0)
    for size in tqdm([s for s in SIZES if s < 0.7 * len(examples)], unit="size"):
        for _ in range(draws):
            order = rng.permutation(len(examples))
            few, rest = order[:size], order[size:]
            for name, row in _scored(logits, gold, few, rest).items():
                scores.setdefault(name, {}).setdefault(size, []).append(row)
    probabilities = _calibrated(logits, gold)
    limits = np.array(own(thresholds.SHRINKAGE)(probabilities, gold))
    band = review.band(probabilities, gold)
    micro_f1 = metrics.micro_f1(gold, probabilities >= limits)
    found = review.summary(gold, probabilities, thresholds=limits, band=band)
    return "\n".join(
        [
            f"{len(examples)} messages out of fold, {draws} draws. Micro-F1 / macro-F1 on the "
            "messages that were not drawn, by the way thresholds are chosen:",
            "",
            *_table(scores, THRESHOLDS, lambda r: f"{100 * r[0]:.2f} / {100 * r[1]:.2f}"),
            "",
            "Expected calibration error, by the way temperatures are fitted:",
            "",
            *_table(scores, TEMPERATURES, lambda r: f"{r[0]:.4f}"),
            "",
            f"All messages out of fold: micro-F1 {micro_f1:.4f}; review band "
            f"{band[0]} to {band[1]}: {found['asked']:.1%} of the messages, all tags right "
            f"in {found['exact_match_asked']:.3f} of these and "
            f"{found['exact_match_others']:.3f} of the others.",
        ]
    )


def _scored(logits: Floats, gold: Flags, few: Rows, rest: Rows) -> dict[str, list[float]]:
    """[micro-F1, macro-F1] of each choice of thresholds, [error] of each of temperatures."""
    out = {}
    for name, fit in TEMPERATURES.items():
        probabilities = metrics.sigmoid(logits / np.array(fit(logits[few], gold[few])))
        error = metrics.calibration_error(gold[rest].astype(float), probabilities[rest])
        out[name] = [error]
        if name == "own, pulled by 10":
            for way, choose in THRESHOLDS.items():
                limits = np.array(choose(probabilities[few], gold[few]))
                said = probabilities[rest] >= limits
                out[way] = [metrics.micro_f1(gold[rest], said), metrics.macro_f1(gold[rest], said)]
    return out


def _table(
    scores: Scores, ways: Iterable[str], cell: Callable[[NDArray[np.float64]], str]
) -> Iterator[str]:
    """A row for each way, a column for each number of messages to decide on; means of the draws."""
    sizes = list(next(iter(scores.values())))
    yield f"| decided on | {' | '.join(str(size) for size in sizes)} |"
    yield f"| --- |{' ---: |' * len(sizes)}"
    for way in ways:
        cells = [cell(np.mean(scores[way][size], axis=0)) for size in sizes]
        yield f"| {way} | {' | '.join(cells)} |"


def _calibrated(logits: Floats, gold: Flags) -> NDArray[np.float64]:
    return metrics.sigmoid(logits / np.array(calibration.fit_temperatures(logits, gold)))


def _suspects(examples: Sequence[Example], logits: Floats, gold: Flags) -> list[dict[str, object]]:
    """Labels that out-of-fold answers contradict, the surest contradiction first (self-confidence
    of confident learning: Northcutt, Jiang and Chuang 2021)."""
    probabilities = _calibrated(logits, gold)
    confidence = np.where(gold, probabilities, 1 - probabilities)  # in the label as given
    rows = np.argwhere(confidence < 0.5)
    order = np.argsort(confidence[tuple(rows.T)])
    return [
        {
            "message": examples[row].message,
            "tags": list(examples[row].tags),
            "tag": TAGS[column],
            "labelled": bool(gold[row, column]),
            "probability": round(float(probabilities[row, column]), 3),
        }
        for row, column in rows[order]
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA / "seed.jsonl", metavar="FILE")
    parser.add_argument("--preset", choices=PRESETS, default="default")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument(
        "--keep", type=Path, default=CHECKOUT / "var" / "out-of-fold", metavar="FOLDER",
        help="where the answers are kept (default: var/out-of-fold)",
    )  # fmt: skip
    parser.add_argument("--suspects", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--count", type=int, default=200, help="suspects (default: 200)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
