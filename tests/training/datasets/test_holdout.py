"""What a version was tested on is remembered, and put in the test split of every later data set."""

import pytest

from classifier.models import ModelVersion
from conversations import reviewing
from tests.training import labelled
from tests.training.labelled import reviewed
from training.datasets import holdout
from training.datasets.dataset import DatasetError, folder_of, load_split, prepare
from training.models import HeldOut


@pytest.fixture(autouse=True)
def datasets_dir(settings, tmp_path):
    settings.DATASETS_DIR = tmp_path / "datasets"


@pytest.fixture
def shop(tmp_path, db):
    return labelled.file(tmp_path / "shop.jsonl")


def messages(dataset, split):
    return {example.message for example in load_split(dataset, split)}


def test_remembering_changes_nothing_while_nothing_is_added(shop):
    first = prepare([shop])
    holdout.remember(first)
    assert prepare([shop]) == first


def test_nothing_ever_leaves_the_test_split_while_files_and_reviews_grow(
    shop, tmp_path, keyword_model
):
    tested = set()
    for count in (60, 90, 150, 170):
        reviewed(f"{count} parrots and one old owl", "Hot-buyer", conversation=str(count))
        dataset = prepare([labelled.file(tmp_path / f"{count}.jsonl", count=count)])
        assert tested <= messages(dataset, "test")
        tested = messages(dataset, "test")
        assert len(tested) == pytest.approx(0.18 * sum(dataset.sizes.values()), abs=8)
        holdout.remember(dataset)


def test_a_near_duplicate_of_a_tested_message_is_tested_on_as_well(shop, tmp_path):
    first = prepare([shop])
    holdout.remember(first)
    near = [f"{text} {text}" for text in messages(first, "test")]
    more = labelled.file(tmp_path / "near.jsonl", [(text, ["Hot-buyer"]) for text in near])
    assert set(near) <= messages(prepare([shop, more]), "test")


def test_the_random_tenth_is_the_stream_and_never_learnt_from(shop, keyword_model):
    review = reviewed("two parrots for my aunt", "Hot-buyer", sampled=True)
    reviewed("two parrots for my aunts", "Hot-buyer", conversation="d")
    dataset = prepare([shop])
    assert messages(dataset, "stream") == {"two parrots for my aunt"}
    assert "two parrots for my aunts" in messages(dataset, "test")
    assert dataset.sizes["stream"] == 1
    assert dataset.stats["warnings"] == prepare([shop]).stats["warnings"]

    holdout.remember(dataset)
    assert prepare([shop]) == dataset
    reviewing.withdraw(review=review, actor="anna")
    assert messages(prepare([shop]), "stream") == set()


def test_what_was_remembered_first_holds(shop):
    dataset = prepare([shop])
    holdout.remember(dataset)
    holdout.remember(dataset)
    assert HeldOut.objects.count() == dataset.sizes["test"]
    assert set(holdout.remembered().values()) == {"test"}


def test_a_live_version_from_before_is_remembered_at_first_sight(shop, keyword_model):
    dataset = prepare([shop])
    holdout.remember_live()
    assert not HeldOut.objects.exists()  # its data set is not known here
    ModelVersion.objects.update(dataset_digest=dataset.digest)
    holdout.remember_live()
    assert HeldOut.objects.count() == dataset.sizes["test"]


def test_a_live_version_whose_data_set_is_damaged_is_passed_over(shop, keyword_model):
    dataset = prepare([shop])
    ModelVersion.objects.update(dataset_digest=dataset.digest)
    (folder_of(dataset.digest) / "test.jsonl").unlink()
    holdout.remember_live()
    assert not HeldOut.objects.exists()


def test_when_all_is_held_out_a_sentence_says_that_nothing_is_left(shop, tmp_path):
    dataset = prepare([shop])
    holdout.remember(dataset)
    rows = [(text, ["Hot-buyer"]) for text in messages(dataset, "test")]
    with pytest.raises(DatasetError, match="held out for measuring, so nothing is left"):
        prepare([labelled.file(tmp_path / "same.jsonl", rows)])
