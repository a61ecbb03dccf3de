"""What the benchmark on thresholds and temperatures compares, and which labels it doubts."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import decisions

from training.datasets.reading import Example

RNG = np.random.default_rng(11)


@pytest.fixture(scope="module")
def answers():
    """(logits, gold) of 300 messages, overconfident and too eager."""
    true = RNG.normal(size=(300, len(decisions.TAGS))) * 2
    gold = RNG.random(true.shape) < 1 / (1 + np.exp(-true))
    return (true * 3 + 2).astype(np.float32), gold


def test_every_way_is_scored_on_the_messages_that_it_did_not_decide_on(answers):
    rows = np.arange(300)
    found = decisions._scored(*answers, rows[:100], rows[100:])
    assert set(found) == {*decisions.THRESHOLDS, *decisions.TEMPERATURES}
    assert found["one for all, searched"][0] > found["0.5 for all"][0] - 0.02
    assert found["own, pulled by 10"][0] < found["no temperature"][0]


def test_the_surest_contradiction_of_a_label_comes_first_and_agreement_not_at_all():
    tags = decisions.TAGS
    examples = [Example(message=f"message {n}", tags=(tags[0],)) for n in range(3)]
    gold = np.array([[tag in e.tags for tag in tags] for e in examples])
    logits = np.where(gold, 3.0, -3.0).astype(np.float32)
    logits[1, 0], logits[2, 1] = -4.0, 1.0
    found = decisions._suspects(examples, logits, gold)
    assert [(row["message"], row["tag"]) for row in found] == [
        ("message 1", tags[0]),
        ("message 2", tags[1]),
    ]
    assert found[0]["labelled"] and not found[1]["labelled"]
