"""Scores versions, side by side, on messages that nobody wrote for this project.

`python benchmarks/real_messages.py --data FILE [--model FOLDER …]`. The file has JSON lines with
`message` and `tags`; records with `clear: false` are left out. Figures are for the thresholds as
shipped: of the messages as they are, and weighed to a stream in which most carry no tag. Intervals
are 95% percentile bootstrap over messages.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

import numpy as np

from beez.launch import local

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")  # says what is taken out of texts
local.prepare_environment()

from classifier.artefact import ArtefactError
from classifier.engine import Engine
from training.decision import metrics, stream
from training.decision.metrics import Flags

DRAWS = 1000
HEADLINES = {
    "micro-F1": "micro_f1",
    "all tags right": "exact_match",
    "untagged ones left so": "untagged_left",
    "asked to review": "asked",
    "right outside review": "right_outside",
    "stream: micro-F1": "stream_micro_f1",
    "stream: precision": "stream_precision",
    "stream: recall": "stream_recall",
    "stream: false alarms in 1,000": "stream_false_alarms",
}


@dataclass(frozen=True)
class Answers:
    """What a version says of the messages: [messages, tags] and [messages]."""

    gold: Flags
    said: Flags
    review: Flags

    def drawn(self, rows: np.ndarray) -> "Answers":
        return Answers(self.gold[rows], self.said[rows], self.review[rows])


def main() -> None:
    options = _options()
    records = _read(options.data)
    folders = options.model or [_newest(CHECKOUT / "var" / "models")]
    try:
        engines = {folder.name: Engine.load(folder) for folder in folders}
    except ArtefactError as error:
        sys.exit(str(error))
    answers = {name: _answers(engine, records) for name, engine in engines.items()}
    tags = {name: engine.manifest.tags for name, engine in engines.items()}
    untagged = sum(not record["tags"] for record in records)
    print(
        f"{len(records)} messages, {untagged} without a tag; stream: "
        f"{options.untagged_share:.0%} without a tag.\n"
    )
    print("\n".join(_table(answers, options.untagged_share)))
    for name, each in answers.items():
        print(f"\n{name}\n")
        print("\n".join(_by_tag(each, tags[name], options.untagged_share)))


def _read(path: Path) -> list[dict]:
    lines = path.read_text(encoding="utf-8").split("\n")
    records = [json.loads(line) for line in lines if line.strip()]
    return [record for record in records if record.get("clear", True)]


def _newest(folder: Path) -> Path:
    versions = sorted(path.parent for path in folder.glob("*/manifest.json"))
    if not versions:
        sys.exit(f"No model in {folder}: name one by --model, or train one (make train).")
    return versions[-1]


def _answers(engine: Engine, records: Sequence[Mapping]) -> Answers:
    tags = engine.manifest.tags
    found = [engine.classify(record["message"]) for record in records]
    selected = [{tag for tag, _ in each.selected} for each in found]
    return Answers(
        np.array([[tag in record["tags"] for tag in tags] for record in records]),
        np.array([[tag in each for tag in tags] for each in selected]),
        np.array([each.review for each in found]),
    )


def _figures(answers: Answers, untagged_share: float) -> dict[str, float]:
    gold, said, outside = answers.gold, answers.said, ~answers.review
    in_stream = stream.figures(
        gold, said, [str(i) for i in range(gold.shape[1])], untagged_share=untagged_share
    )
    return {
        "micro_f1": metrics.micro_f1(gold, said),
        "exact_match": metrics.exact_match(gold, said),
        "untagged_left": metrics.no_tag_accuracy(gold, said) or 0.0,
        "asked": float(answers.review.mean()),
        "right_outside": metrics.exact_match(gold[outside], said[outside]),
        **{f"stream_{name}": value for name, value in in_stream.items() if name != "per_tag"},
    }


def _table(answers: Mapping[str, Answers], share: float) -> list[str]:
    """A row a figure, a column a version."""
    columns = {name: _with_intervals(each, share) for name, each in answers.items()}
    rows = [f"| | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for label, key in HEADLINES.items():
        rows.append(f"| {label} | {' | '.join(found[key] for found in columns.values())} |")
    return rows


def _with_intervals(answers: Answers, share: float) -> dict[str, str]:
    rng = np.random.default_rng(0)
    count = len(answers.gold)
    drawn = [_figures(answers.drawn(rng.integers(0, count, count)), share) for _ in range(DRAWS)]
    out = {}
    for key, value in _figures(answers, share).items():
        low, high = np.quantile([each.get(key) or 0.0 for each in drawn], [0.025, 0.975])
        digits = 0 if key == "stream_false_alarms" else 3
        out[key] = f"{value or 0.0:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
    return out


def _by_tag(answers: Answers, tags: Sequence[str], share: float) -> list[str]:
    plain = metrics.per_tag(answers.gold, answers.said, list(tags))
    in_stream = stream.figures(answers.gold, answers.said, list(tags), untagged_share=share)
    rows = [
        "| tag | messages | precision | recall | F1 | stream: precision | false alarms in 1,000 |",
        "| --- |" + " ---: |" * 6,
    ]
    for tag, row in plain.items():
        streamed = in_stream["per_tag"][tag]
        rows.append(
            f"| {tag} | {row['support']} | {row['precision']:.3f} | {row['recall']:.3f} | "
            f"{row['f1']:.3f} | {streamed['precision']:.3f} | {streamed['false_alarms']:.0f} |"
        )
    return rows


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="JSON lines with message and tags")
    parser.add_argument(
        "--model", type=Path, action="append", help="a model folder (repeatable; default: newest)"
    )
    parser.add_argument("--untagged-share", type=float, default=stream.UNTAGGED_SHARE)
    return parser.parse_args()


if __name__ == "__main__":
    main()
