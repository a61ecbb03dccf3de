"""What an early exit changes: who ends there, which answers differ, and the time of a message.

`python benchmarks/early_exit.py --model FOLDER [--without FOLDER] --data FILE …`: each file holds
JSON lines with message and tags. `--without` names a model of the same encoder without an early
exit, whose time is taken beside the other's, in turns; all on one thread.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

import numpy as np

from beez.launch import local

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")
local.prepare_environment()

from classifier.engine import Engine
from classifier.reader import Reading
from training.decision import metrics, paired, review, stream

COLUMNS = (
    "messages",
    "end early",
    "in a stream",
    "other tags",
    "micro-F1, whole → served",
    "difference (95%)",
    "asked",
    "right outside review",
    "calibration error",
)
LENGTHS = ((0, 12), (12, 24), (24, 129))  # tokens, special ones included
ROUNDS = 5


def main() -> None:
    options = _options()
    engine = Engine.load(options.model, threads=1)
    if engine.manifest.early_exit is None:
        sys.exit(f"{options.model.name} has no early exit.")
    print(f"| {' | '.join(COLUMNS)} |\n| --- |{' ---: |' * (len(COLUMNS) - 1)}")
    texts: list[str] = []
    for path in options.data:
        records = _read(path)
        texts += [record["message"] for record in records]
        print(f"| {' | '.join(_row(path.stem, engine, records))} |", flush=True)
    without = Engine.load(options.without, threads=1) if options.without else None
    print("\n".join(["", *_times(engine, without, texts[: options.timed])]))


def _read(path: Path) -> list[dict]:
    lines = path.read_text(encoding="utf-8").split("\n")
    records = [json.loads(line) for line in lines if line.strip()]
    return [record for record in records if record.get("clear", True)]


def _row(name: str, engine: Engine, records: Sequence[dict]) -> list[str]:
    tags, band = engine.manifest.tags, engine.manifest.review_band
    limits = np.array([engine.manifest.thresholds[tag] for tag in tags])
    gold = np.array([[tag in record["tags"] for tag in tags] for record in records])
    served, whole, ends = _answers(engine, [record["message"] for record in records])
    said, would = served >= limits, whole >= limits
    found, _ = paired.differences(gold, challenger=said, champion=would)
    weight = stream.weights(gold, stream.UNTAGGED_SHARE)
    asked = [review.asked(each, limits, band) for each in (whole, served)]
    outside = [
        (tags_said == gold).all(axis=1)[~rows].mean()
        for tags_said, rows in zip((would, said), asked, strict=True)
    ]
    return [
        f"{name} ({len(records)})",
        f"{ends.mean():.1%}",
        f"{np.average(ends, weights=weight):.1%}",
        f"{(said != would).any(axis=1).mean():.2%}",
        f"{found.champion:.4f} → {found.challenger:.4f}",
        f"{100 * found.difference:+.2f} ({100 * found.low:+.2f} to {100 * found.high:+.2f})",
        " → ".join(f"{rows.mean():.3f}" for rows in asked),
        " → ".join(f"{share:.3f}" for share in outside),
        " → ".join(f"{metrics.calibration_error(gold, each):.4f}" for each in (whole, served)),
    ]


def _answers(engine: Engine, messages: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities [messages, tags] as served and to the end, and who ends early [messages]."""
    served, whole, ends = [], [], []
    for message in messages:
        reading, strange = engine.read(message)
        both = list(engine.probabilities(reading))
        early = not strange and engine.exits[0].decides(both[0])
        served.append(both[0] if early else both[-1])
        whole.append(both[-1])
        ends.append(early)
    return np.array(served), np.array(whole), np.array(ends)


def _times(engine: Engine, without: Engine | None, texts: Sequence[str]) -> list[str]:
    """Medians of the milliseconds of the graphs by the number of tokens, in turns."""
    readings = [engine.read(text)[0] for text in texts]
    tokens = np.array([len(reading.ids) for reading in readings])
    seconds = np.array([[_seconds(engine, without, r) for r in readings] for _ in range(ROUNDS)])
    best = np.median(seconds, axis=0)
    lines = ["| tokens | messages | to the early exit | to the end | without one |"]
    lines.append("| --- |" + " ---: |" * 4)
    for low, high in LENGTHS:
        rows = (tokens >= low) & (tokens < high)
        if rows.any():
            cells = [f"{1000 * each:.2f} ms" for each in np.nanmedian(best[rows], axis=0)]
            lines.append(f"| {low} to {high - 1} | {rows.sum()} | {' | '.join(cells)} |")
    return lines


def _seconds(engine: Engine, without: Engine | None, reading: Reading) -> list[float]:
    started = time.perf_counter()
    found = [time.perf_counter() - started for _ in engine.probabilities(reading)]
    started = time.perf_counter()
    for _ in without.probabilities(reading) if without else ():
        pass
    return [*found, time.perf_counter() - started if without else float("nan")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a folder with an early exit")
    parser.add_argument("--without", type=Path, help="a folder without, to compare times with")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="JSON lines")
    parser.add_argument("--timed", type=int, default=200, help="so many messages are timed")
    return parser.parse_args()


if __name__ == "__main__":
    main()
