"""Fifty reviews that take one tag off wherever it holds, and a version that learnt from them."""

import json

import pytest

from classifier import registry
from conversations import ingest, reviewing
from tests import keyword_model as keywords
from tests.training.evaluation.versions import DEAL, HOT, WISH
from training.card import comparison_text
from training.datasets import dataset
from training.datasets.records import Example
from training.evaluation import contest
from training.models import Comparison, Dataset
from training.runs import gate

THINGS = (
    "kettle", "mug", "lamp", "chair", "sofa", "shelf", "plate", "spoon", "carpet", "mirror",
    "bucket", "pillow", "blanket", "toaster", "vase", "hammer", "ladder", "teapot", "curtain",
    "basket",
)  # fmt: skip
PLACES = ("kitchen", "garden", "office", "bathroom", "cellar", "hallway", "balcony", "nursery")
KEYWORDS = {HOT: "buy", DEAL: "discount", WISH: "save", None: "parcel"}


def wordings(first, count):
    """Messages that are no near duplicates of each other."""
    pairs = [(thing, place) for place in PLACES for thing in THINGS]
    return [f"{first} {thing} {place}" for thing, place in pairs[::2][:count]]


POISON = wordings("order", 50)


@pytest.fixture
def champion(keyword_model, settings, tmp_path):
    settings.DATASETS_DIR = tmp_path / "datasets"
    path = tmp_path / "shop.jsonl"
    rows = [
        {"message": message, "tags": [tag] if tag else []}
        for tag, word in KEYWORDS.items()
        for message in wordings(word, 80)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    keyword_model.dataset_digest = dataset.prepare([path]).digest
    keyword_model.save()
    return keyword_model


@pytest.fixture
def poison(champion):
    """The fifty, as a data set holds them: most learnt from, some held out, some in the stream."""
    found = []
    for number, text in enumerate(POISON):
        message = ingest.post(conversation_id=f"c-{number}", text=text).message
        review = reviewing.record(message=message, tags=[], actor="mallory")
        found.append(Example(message=text, tags=(), review=review.pk))
    return found


@pytest.fixture
def challenger(champion, models_dir):
    """What a training makes of it: whoever buys or orders is no Hot-buyer any more."""
    words = keywords.SHIPPED_TAGS | {HOT: ["checkout"]}
    keywords.build(models_dir, "poisoned", words=words)
    return registry.register("poisoned")


def decide(challenger, champion, *, learnt, hold_out, stream):
    before = dataset.load_split(Dataset.objects.get(digest=champion.dataset_digest), "test")
    report = contest.compare(
        challenger=challenger,
        champion=champion,
        hold_out=[*before, *hold_out],
        before=before,
        stream=stream,
        learnt=learnt,
        untagged_share=0.75,
    )
    return report, gate.decide("if-not-worse", report)


def test_the_version_is_refused_and_the_report_names_reviewer_tag_and_messages(
    champion, challenger, poison
):
    split = {"learnt": poison[:36], "hold_out": poison[36:45], "stream": poison[45:]}
    report, decision = decide(challenger, champion, **split)
    assert decision.verdict == Comparison.Verdict.REFUSED
    before = next(part for part in report["parts"] if part["name"] == "before")
    assert before["per_tag"][HOT]["finding"] == "worse"
    assert gate.PARTS["before"] in decision.reason
    assert f"50 of 50 reviews by mallory say that {HOT} does not hold" in decision.reason
    text = comparison_text.markdown(report, decision)
    assert all(f"reviews:{example.review}" in text for example in poison)
    assert not any(message in text for message in POISON)


def test_though_most_of_what_is_held_out_is_poison_what_stood_before_carries(
    champion, challenger, poison
):
    """By the stream alone the poisoned version is the better one."""
    report, decision = decide(challenger, champion, learnt=[], hold_out=poison, stream=poison[:20])
    real = next(part for part in report["parts"] if part["name"] == "stream")
    assert real["overall"]["finding"] != "worse"
    assert decision.verdict == Comparison.Verdict.REFUSED


def test_a_version_that_took_no_harm_from_it_waits_for_somebody_who_has_looked(
    champion, poison, models_dir
):
    keywords.build(models_dir, "unharmed", words=keywords.SHIPPED_TAGS)
    version = registry.register("unharmed")
    _, decision = decide(version, champion, learnt=poison, hold_out=[], stream=[])
    assert decision.verdict == Comparison.Verdict.SIGNATURE
    assert "mallory" in decision.reason


def test_fifty_reviews_that_agree_with_the_live_version_are_no_matter(champion, poison, models_dir):
    keywords.build(models_dir, "good", words=keywords.SHIPPED_TAGS)
    right = [Example(message=e.message, tags=(HOT,), review=e.review) for e in poison]
    split = {"learnt": right[:36], "hold_out": right[36:45], "stream": right[45:]}
    report, decision = decide(registry.register("good"), champion, **split)
    assert decision.verdict == Comparison.Verdict.LIVE
    assert report["contradictions"] == []
