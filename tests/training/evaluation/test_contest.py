"""Registered versions on real messages: which count, and that both answer as they would serve."""

import json
import shutil
from datetime import timedelta

import pytest
from django.utils import timezone

from classifier import registry, thresholds
from classifier.models import ModelVersion
from conversations import ingest, reviewing
from conversations.models import Review
from tests import keyword_model as keywords
from tests.training.evaluation.versions import DEAL, HOT, examples, shop
from training.datasets import dataset, stored
from training.datasets.records import Example
from training.evaluation import contest
from training.models import Dataset

WORDS = keywords.SHIPPED_TAGS
BLIND = WORDS | {HOT: ["checkout"]}


@pytest.fixture
def champion(keyword_model, settings, tmp_path):
    """The live version, with the data set that it learnt from."""
    settings.DATASETS_DIR = tmp_path / "datasets"
    path = tmp_path / "shop.jsonl"
    rows = [{"message": each.message, "tags": list(each.tags)} for each in shop()]
    path.write_text("\n".join(map(json.dumps, rows)))
    keyword_model.dataset_digest = dataset.prepare([path]).digest
    keyword_model.save()
    return keyword_model


@pytest.fixture
def challenger(champion, models_dir):
    keywords.build(models_dir, "keywords-2", words=BLIND)
    return registry.register("keywords-2")


@pytest.fixture
def reviewed(champion):
    """A function that posts a message and reviews it; the example that a data set makes of it."""

    def review(text, *tags, actor="anna"):
        message = ingest.post(conversation_id=text, text=text).message
        row = reviewing.record(message=message, tags=list(tags), actor=actor)
        return Example(message=text, tags=tags, review=row.pk)

    return review


def compare(challenger, champion, **messages):
    given = {"hold_out": [], "before": [], "stream": [], "learnt": []} | messages
    return contest.compare(challenger=challenger, champion=champion, untagged_share=0.75, **given)


def held_out(champion):
    return dataset.load_split(Dataset.objects.get(digest=champion.dataset_digest), "test")


def part(report, name):
    return next((part for part in report["parts"] if part["name"] == name), None)


def test_what_the_live_version_has_learnt_from_or_nearly_so_is_left_out(champion, challenger):
    learnt = stored.splits_by_digest(champion.dataset_digest, "train", "validation")
    near = Example(message=f"{learnt[0].message}!!", tags=learnt[0].tags)
    new = Example(message="Quite another question about delivery to Norway", tags=())
    report = compare(challenger, champion, hold_out=[*learnt, near, new])
    assert part(report, "hold_out")["messages"] == 1
    assert report["left_out"] == len(learnt) + 1


def test_both_answer_by_the_thresholds_that_people_have_set(champion, challenger):
    thresholds.change(values={DEAL: 0.99}, actor="anna")
    hold_out = examples(20, "any coupon for shoes", DEAL)
    found = part(compare(challenger, champion, hold_out=hold_out), "hold_out")["per_tag"][DEAL]
    assert (found["champion"], found["challenger"]) == (0, 0)


@pytest.mark.parametrize("gone", ["row", "folder"])
def test_without_the_live_versions_data_set_only_later_reviews_are_certainly_new_to_it(
    champion, challenger, reviewed, gone
):
    older, newer = reviewed("i will buy the kettle", HOT), reviewed("may i pay on monday", HOT)
    Review.objects.filter(pk=older.review).update(created_at=timezone.now() - timedelta(days=9))
    hold_out = [*held_out(champion), older, newer]
    if gone == "row":
        Dataset.objects.all().delete()
    else:
        shutil.rmtree(dataset.folder_of(champion.dataset_digest))
    report = compare(challenger, champion, hold_out=hold_out)
    assert part(report, "hold_out")["messages"] == 1
    assert report["left_out"] == len(hold_out) - 1


def test_a_review_is_told_by_its_reviewer_and_only_new_ones_are_held_against_the_version(
    champion, challenger, reviewed
):
    old = reviewed("i buy a blue kettle")
    Review.objects.filter(pk=old.review).update(created_at=timezone.now() - timedelta(days=9))
    new = reviewed("please order seven mugs for me", actor="ben")
    report = compare(challenger, champion, learnt=[old, new])
    assert [(row["reviewer"], row["reviews"]) for row in report["contradictions"]] == [
        ("ben", [new.review])
    ]


def test_a_live_version_whose_folder_is_damaged_is_a_sentence_that_says_what_to_do(
    champion, challenger, models_dir
):
    (models_dir / champion.name / "model.onnx").write_bytes(b"rust")
    with pytest.raises(contest.ContestError, match=r"keywords-1 cannot be compared.*Restore"):
        compare(challenger, champion, hold_out=held_out(champion))
    (models_dir / champion.name).rename(models_dir / "elsewhere")
    with pytest.raises(contest.ContestError, match="keywords-1 cannot be compared"):
        compare(challenger, champion, hold_out=held_out(champion))


def test_a_version_of_other_tags_is_compared_on_those_that_both_know(champion, models_dir):
    keywords.build(models_dir, "buyers", words={HOT: WORDS[HOT]})
    report = compare(registry.register("buyers"), champion, hold_out=held_out(champion))
    assert report["tags"] == [HOT]
    assert DEAL in report["only_champion"]
    assert ModelVersion.objects.count() == 2
