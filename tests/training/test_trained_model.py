"""The really trained model: the shipped messages, the default preset, the answers that it owes."""

import json

import numpy as np
import pytest

from classifier.engine import Engine
from training.datasets.dataset import SEED_FILE, Example
from training.decision import metrics
from training.evaluation import quality
from training.export import onnx_graph

pytestmark = pytest.mark.django_db
CHALLENGE = SEED_FILE.with_name("challenge.jsonl")


@pytest.fixture(scope="module")
def challenge():
    rows = map(json.loads, CHALLENGE.read_text().splitlines())
    return [
        Example(message=r["message"], tags=tuple(r["tags"]), group=r.get("group")) for r in rows
    ]


@pytest.fixture(scope="module")
def engine(trained_folder):
    return Engine.load(trained_folder)


def test_messages_of_another_author_are_tagged_better_than_the_original_did(engine, challenge):
    assert quality.engine_micro_f1(engine, challenge, engine.manifest.tags) > 0.9


@pytest.mark.parametrize("group", ["refuses-discount", "browsing-for-ideas", "saved-until-payday"])
def test_targeted_groups_get_their_one_tag(engine, challenge, group):
    members = [e for e in challenge if e.group == group]
    right = [{t for t, _ in engine.classify(e.message).selected} == set(e.tags) for e in members]
    assert np.mean(right) >= 0.7


def test_window_shopping_is_never_taken_for_seeking_a_deal(engine, challenge):
    said = [
        {tag for tag, _ in engine.classify(e.message).selected}
        for e in challenge
        if e.group == "browsing-for-ideas"
    ]
    assert sum("Deal-seeker" in tags for tags in said) <= 1


def test_int8_is_a_quarter_of_float_and_serves_where_it_loses_half_a_point_at_most(card):
    """It lost 0.3 points where this was written; processors round differently, so not the same."""
    loss = card["export"]["float32_micro_f1"] - card["export"]["int8_micro_f1"]
    assert loss < 0.01
    assert card["precision"] == ("int8" if loss <= onnx_graph.MAX_LOSS + 1e-9 else "float32")
    assert card["size_bytes"]["int8"] < 0.3 * card["size_bytes"]["float32"]


def test_probabilities_are_calibrated(engine, challenge):
    tags = engine.manifest.tags
    said = [engine.classify(e.message).probabilities for e in challenge]
    probabilities = np.array([[row[tag] for tag in tags] for row in said])
    assert metrics.calibration_error(quality.labels(challenge, tags), probabilities) < 0.04
