"""Deals the shipped messages out for `new_tags.py`: what a training may see, and what none sees.

The optional messages are halved for good, one half to draw examples from and one to test on, so
that each half has its share of both optional tags.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from training.datasets.reading import Example
from training.decision.metrics import Labels
from training.evaluation import quality

DATA = Path(__file__).resolve().parents[1] / "training" / "data"
SHIPPED = {name: text for name, _, text in import_module("classifier.migrations.0002_tags").TAGS}
OPTIONAL = {
    row["pk"]: row["fields"]["description"]
    for row in json.loads((DATA / "optional-tags.json").read_text())
}
DESCRIPTIONS = SHIPPED | OPTIONAL  # tag → text, in the order of columns


@dataclass(frozen=True)
class Messages:
    """`pool` and `test` are the halves of the optional messages, `seed` knows no optional tag."""

    seed: list[Example]
    pool: list[Example]
    test: list[Example]


def load(seed_messages: int) -> Messages:
    """The same messages each time; at most `seed_messages` of the shipped ones."""
    seed = _shuffled(_read("seed.jsonl", unknown=tuple(OPTIONAL)), 0)[:seed_messages]
    optional = _shuffled(_read("optional-tags.jsonl"), 0)
    optional.sort(key=lambda example: [tag in example.tags for tag in OPTIONAL])  # stable
    return Messages(seed, optional[::2], optional[1::2])


def draw(pool: Sequence[Example], count: int, number: int) -> list[Example]:
    """For each optional tag `count` messages with it and as many without; draw `number` of many.

    A message is labelled for the optional tags that it was drawn for alone, so that neither tag
    gets examples by the other's. Fewer examples of a draw are part of more.
    """
    shuffled = _shuffled(pool, number + 1)
    drawn_for: dict[int, set[str]] = {}
    for tag in OPTIONAL:
        for carries in (True, False):
            rows = [row for row, e in enumerate(shuffled) if (tag in e.tags) is carries][:count]
            if len(rows) < count:
                raise ValueError(f"there are {len(rows)} messages to draw {count} from for {tag}")
            for row in rows:
                drawn_for.setdefault(row, set()).add(tag)
    return [_known_for(shuffled[row], tags) for row, tags in sorted(drawn_for.items())]


def arrays(examples: Sequence[Example]) -> tuple[list[str], Labels]:
    return [e.message for e in examples], quality.labels(examples, list(DESCRIPTIONS))


def base_rates(examples: Sequence[Example]) -> dict[str, float]:
    """The share of messages with each optional tag: the average precision of guessing."""
    return {tag: float(np.mean([tag in e.tags for e in examples])) for tag in OPTIONAL}


def _known_for(example: Example, optional: set[str]) -> Example:
    return Example(
        message=example.message,
        tags=tuple(tag for tag in example.tags if tag in SHIPPED or tag in optional),
        unknown=tuple(tag for tag in OPTIONAL if tag not in optional),
    )


def _read(name: str, *, unknown: tuple[str, ...] = ()) -> list[Example]:
    rows = [json.loads(line) for line in (DATA / name).read_text().splitlines()]
    return [Example(message=r["message"], tags=tuple(r["tags"]), unknown=unknown) for r in rows]


def _shuffled(examples: Sequence[Example], seed: int) -> list[Example]:
    return random.Random(seed).sample(examples, len(examples))
