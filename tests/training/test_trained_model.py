"""The really trained model: the shipped messages, the default preset, the answers that it owes."""

import json

import numpy as np
import pytest

from classifier import live
from classifier.engine import Engine
from training.datasets.dataset import SEED_FILE, Example
from training.decision import metrics, stream
from training.evaluation import quality
from training.export import onnx_graph

pytestmark = pytest.mark.django_db
CHALLENGE = SEED_FILE.with_name("challenge.jsonl")
STREAM = SEED_FILE.with_name("stream.jsonl")
# The guidelines' own, which is the demonstration of the original service.
WORKED_EXAMPLE = [
    ("Hi, I'm new here. What do you sell?", "First-time-visitor", False),
    ("These shoes look nice, I'll save them for later", "Wishlist-user", True),
    ("Do you have any discount codes for first-time buyers?", "Deal-seeker", True),
    ("I will buy immediately if you can give me 15% off", "Hot-buyer", True),
]


def examples(path):
    rows = map(json.loads, path.read_text().splitlines())
    return [
        Example(message=r["message"], tags=tuple(r["tags"]), group=r.get("group")) for r in rows
    ]


@pytest.fixture(scope="module")
def challenge():
    return examples(CHALLENGE)


@pytest.fixture(scope="module")
def engine(trained_folder):
    return Engine.load(trained_folder)


def test_messages_of_another_author_are_tagged_better_than_the_original_did(engine, challenge):
    thresholds = engine.manifest.thresholds
    answers = [engine.classify(e.message).probabilities for e in challenge]
    probabilities = np.array([[answer[tag] for tag in thresholds] for answer in answers])
    found = quality.figures(challenge, probabilities=probabilities, thresholds=thresholds)
    assert found["micro_f1"] > 0.9


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


def test_most_of_a_shops_stream_ends_early_and_hardly_a_tag_differs_by_it(card):
    found = card["early_exit"]
    assert found["share_in_stream"] > 0.45  # 0.60 where this was written
    assert found["different"] < 0.01
    assert abs(found["micro_f1"] - found["micro_f1_whole"]) < 0.004


def test_probabilities_are_calibrated(engine, challenge):
    tags = engine.manifest.tags
    said = [engine.classify(e.message).probabilities for e in challenge]
    probabilities = np.array([[row[tag] for tag in tags] for row in said])
    assert metrics.calibration_error(quality.labels(challenge, tags), probabilities) < 0.04


def test_in_a_shops_stream_few_tags_are_wrong(engine):
    messages = examples(STREAM)
    gold = quality.labels(messages, engine.manifest.tags) == 1
    answers = [{tag for tag, _ in engine.classify(e.message).selected} for e in messages]
    said = np.array([[tag in answer for tag in engine.manifest.tags] for answer in answers])
    found = stream.figures(gold, said, list(engine.manifest.tags), untagged_share=0.75)
    assert found["precision"] > 0.85
    assert found["recall"] > 0.85
    assert found["false_alarms"] < 40


@pytest.mark.parametrize("text", ["Wo ist meine Bestellung?", "me gustaría un descuento", "😍😍"])
def test_what_the_shipped_model_cannot_read_asks_for_review(engine, text):
    assert engine.classify(text).review


def test_the_worked_example_comes_out_exactly(go_live, trained_folder, api_client):
    go_live(trained_folder)
    live.refresh()
    for message, tag, switched in WORKED_EXAMPLE:
        answer = api_client.post(
            "/classify-conversation",
            {"conversation_id": "worked", "message": message},
            format="json",
        ).json()
        assert (answer["conversation_tag"]["tag"], answer["switched"]) == (tag, switched)


def test_a_first_order_discount_is_asked_for_by_a_first_time_visitor(
    go_live, trained_folder, api_client
):
    go_live(trained_folder)
    live.refresh()
    message = "New here, ready to buy if there's a discount"
    answer = api_client.post("/classify-message", {"message": message}, format="json").json()
    assert {row["tag"] for row in answer["selected"]} == {
        "First-time-visitor",
        "Hot-buyer",
        "Deal-seeker",
    }
