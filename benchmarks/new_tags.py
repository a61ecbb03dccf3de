"""How well a new tag scores by its description and 0, 5, 10, 20 or 50 examples.

`python benchmarks/new_tags.py`; `--help` lists the options. The new tags are `Post-purchase` and
`Complaint`: the shipped messages, which are not labelled for them, teach the five shipped tags;
each training sees so many examples of both new ones beside, and as many messages without. Average
precision is measured on messages that no training sees.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import new_tags_data
from new_tags_data import DESCRIPTIONS, OPTIONAL, Messages
from sklearn.metrics import average_precision_score
from tqdm import tqdm

from training.card import plots
from training.learning import finetune
from training.learning.config import PRESETS, TrainingConfig

Scores = dict[int, list[dict[str, float]]]  # examples → for each draw: tag → average precision


def main() -> None:
    options = _options()
    config = PRESETS[options.preset].with_changes(base_model=options.base_model)
    messages = new_tags_data.load(options.seed_messages)
    scores: Scores = {count: [] for count in options.examples}
    trainings = [(count, number) for number in range(options.draws) for count in options.examples]
    for count, number in tqdm(trainings, unit="training", disable=options.quiet):
        scores[count].append(_measure(messages, count, number, config))
    rates = new_tags_data.base_rates(messages.test)
    print(_table(messages, scores, rates, config))
    if options.plot:
        plots.save(options.plot, _plot, scores, rates)


def _measure(
    messages: Messages, count: int, number: int, config: TrainingConfig
) -> dict[str, float]:
    """Train with `count` examples of each optional tag; its average precision on test."""
    fitted = finetune.fit(
        train=new_tags_data.arrays(
            [*messages.seed, *new_tags_data.draw(messages.pool, count, number)]
        ),
        validation=None,
        descriptions=DESCRIPTIONS,
        config=config.with_changes(seed=config.seed + number),
    )
    texts, gold = new_tags_data.arrays(messages.test)
    logits = fitted.logits(texts)
    tags = list(DESCRIPTIONS)
    return {
        tag: float(average_precision_score(gold[:, tags.index(tag)], logits[:, tags.index(tag)]))
        for tag in OPTIONAL
    }


def _table(
    messages: Messages, scores: Scores, rates: Mapping[str, float], config: TrainingConfig
) -> str:
    lines = [
        f"Preset `{config.preset}`, {config.base_model}; {len(messages.seed)} shipped messages "
        f"labelled for the shipped tags, {len(messages.test)} messages to test on. Average "
        "precision, mean of the draws (lowest to highest).",
        "",
        f"| examples | {' | '.join(f'`{tag}`' for tag in OPTIONAL)} | draws |",
        f"| ---: |{' ---: |' * (len(OPTIONAL) + 1)}",
        f"| guessing | {' | '.join(f'{rates[tag]:.3f}' for tag in OPTIONAL)} | |",
        *(
            f"| {count} | {' | '.join(_cell(rows, tag) for tag in OPTIONAL)} | {len(rows)} |"
            for count, rows in scores.items()
        ),
    ]
    return "\n".join(lines)


def _cell(of_draws: Sequence[Mapping[str, float]], tag: str) -> str:
    values = [row[tag] for row in of_draws]
    spread = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{spread}"


def _plot(axes: Any, scores: Scores, rates: Mapping[str, float]) -> None:
    """One line a tag by number of examples, every draw a faint point, guessing dashed."""
    counts = list(scores)
    places = range(len(counts))  # evenly, since 0 has no place on a logarithmic axis
    styles = ((plots.BLUE, "o", 0), (plots.ORANGE, "s", 4))
    for tag, (colour, mark, gap) in zip(OPTIONAL, styles, strict=True):
        means = [statistics.mean(row[tag] for row in scores[count]) for count in counts]
        axes.plot(places, means, color=colour, marker=mark, label=tag)
        for place, count in enumerate(counts):
            values = [row[tag] for row in scores[count]]
            axes.scatter([place] * len(values), values, color=colour, marker=mark, s=12, alpha=0.4)
        dashes = (gap, (2, 6))  # two lines at the same height show through each other
        axes.axhline(rates[tag], color=colour, linestyle=dashes, label=f"{tag}, guessing")
    axes.set_xticks(places, [str(count) for count in counts])
    axes.set(
        title="A new tag by its number of examples",
        xlabel="examples of the tag (and as many messages without it)",
        ylabel="average precision",
        ylim=(0, 1.02),
    )
    axes.grid(axis="y")
    axes.legend(loc="lower right")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=PRESETS, default="default")
    parser.add_argument("--base-model", default=PRESETS["default"].base_model)
    parser.add_argument(
        "--examples", type=int, nargs="+", default=[0, 5, 10, 20, 50],
        help="examples of each new tag (default: 0 5 10 20 50)",
    )  # fmt: skip
    parser.add_argument(
        "--seed-messages", type=int, default=800, help="shipped messages (default: 800)"
    )
    parser.add_argument("--draws", type=int, default=2, help="draws of the examples (default: 2)")
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser.parse_args()


if __name__ == "__main__":
    main()
