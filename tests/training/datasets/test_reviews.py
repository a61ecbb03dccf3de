"""What staff say of messages becomes part of the data set, and outranks the files."""

import pytest
from django.utils import timezone

from classifier.models import Tag
from conversations import erasure, reviewing
from conversations.models import Message, Review
from tests.training import labelled
from tests.training.labelled import reviewed
from training.datasets import reviews
from training.datasets.dataset import load_split, load_tags, prepare
from training.datasets.options import Options
from training.datasets.splitting import SPLITS

DEAL, HOT, NEW = "Deal-seeker", "Hot-buyer", "First-time-visitor"


@pytest.fixture
def shop(settings, tmp_path, keyword_model):
    settings.DATASETS_DIR = tmp_path / "datasets"
    return labelled.file(tmp_path / "shop.jsonl")


def examples(dataset):
    return {e.message: e for split in SPLITS for e in load_split(dataset, split)}


def test_a_review_is_an_example_that_names_it(shop):
    review = reviewed("two parrots for my aunt", DEAL)
    dataset = prepare([shop])
    example = examples(dataset)["two parrots for my aunt"]
    assert (example.tags, example.review) == ((DEAL,), review.pk)
    assert dataset.sources == ["shop.jsonl", "reviews"]
    facts = dataset.stats["input"]["reviews"]
    assert (facts["count"], facts["newest"]) == (1, review.pk)
    assert (facts["by"], facts["chosen"]) == ({"anna": 1}, {"reading": 1})


def test_saying_that_no_tag_holds_is_an_example_too(shop):
    reviewed("where is my parcel today")
    example = examples(prepare([shop]))["where is my parcel today"]
    assert (example.tags, example.unknown) == ((), ())


def test_a_review_outranks_what_a_file_says_of_the_same_text(shop, tmp_path):
    text = labelled.texts(60)[0]
    rows = [(text, [DEAL]), (text.upper(), [HOT]), *((t, [NEW]) for t in labelled.texts(60)[1:])]
    file = labelled.file(tmp_path / "conflict.jsonl", rows)
    reviewed(f"{text}!", NEW)
    dataset = prepare([file])
    assert examples(dataset)[f"{text}!"].tags == (NEW,)
    assert dataset.stats["input"]["conflicts"] == []
    assert len(dataset.stats["input"]["corrected"]) == 1


def test_a_tag_that_came_after_the_review_stays_as_the_file_says(shop, tmp_path):
    text = labelled.texts(60)[0]
    reviewed(text, NEW)
    Tag.objects.create(name="Complaint", stage=70, description="Complains.")
    rows = [(text, ["Complaint"]), *((t, [NEW]) for t in labelled.texts(60)[1:])]
    assert set(examples(prepare([labelled.file(tmp_path / "n.jsonl", rows)]))[text].tags) == {
        NEW,
        "Complaint",
    }


def test_a_tag_that_came_after_the_review_is_unknown_for_it(shop, tmp_path):
    reviewed("two parrots for my aunt", NEW)
    Tag.objects.create(name="Complaint", stage=70, description="Complains.")
    rows = [(t, [NEW, "Complaint"] if n % 3 else [DEAL]) for n, t in enumerate(labelled.texts(60))]
    found = examples(prepare([labelled.file(tmp_path / "n.jsonl", rows)]))
    assert found["two parrots for my aunt"].unknown == ("Complaint",)


def test_a_tag_that_is_gone_is_dropped_and_a_review_about_nothing_else_is_told(shop):
    review = reviewed("two parrots for my aunt", DEAL)
    Review.objects.filter(pk=review.pk).update(tags=[DEAL, "Gone"], labelled_for=[DEAL, "Gone"])
    other = reviewed("an owl please")
    Review.objects.filter(pk=other.pk).update(labelled_for=["Gone"])
    dataset = prepare([shop])
    assert examples(dataset)["two parrots for my aunt"].tags == (DEAL,)
    (problem,) = dataset.stats["input"]["problems"]
    assert problem["line"] == other.pk
    assert "do not exist any more" in problem["reason"]


def test_a_retired_tag_is_learnt_from_neither_files_nor_reviews(shop):
    text = next(t for t, example in examples(prepare([shop])).items() if example.tags == (HOT,))
    reviewed("two parrots for my aunt", DEAL, HOT)
    Tag.objects.filter(name=HOT).update(retired_at=timezone.now())
    dataset = prepare([shop])
    assert HOT not in load_tags(dataset)
    assert dataset.stats["input"]["problems"] == []
    found = examples(dataset)
    assert (found[text].tags, found[text].unknown) == ((), ())
    assert found["two parrots for my aunt"].tags == (DEAL,)


def test_a_tag_that_only_reviews_use_is_learnt(shop):
    for text in ("save the owl for later", "save the parrot for later", "keep that goose for me"):
        reviewed(text, "Wishlist-user")
    assert "Wishlist-user" in load_tags(prepare([shop]))


def test_without_reviews_or_with_the_option_the_files_stand_alone(shop):
    alone = prepare([shop])
    assert alone.sources == ["shop.jsonl"]
    reviewed("two parrots for my aunt", DEAL)
    assert prepare([shop], options=Options(no_reviews=True)).digest == alone.digest


@pytest.mark.parametrize("text", [" \n ", "x" * 301])
def test_a_blank_or_over_long_message_is_left_out_and_told(shop, settings, text):
    review = reviewed("two parrots for my aunt", DEAL)
    Message.objects.filter(pk=review.message_id).update(text=text)
    settings.MAX_MESSAGE_LENGTH = 300
    (problem,) = prepare([shop]).stats["input"]["problems"]
    assert (problem["source"], problem["line"]) == ("reviews", review.pk)


def test_the_same_files_and_reviews_are_the_same_data_set_and_a_withdrawn_one_changes_it(shop):
    without = prepare([shop]).digest
    review = reviewed("two parrots for my aunt", DEAL)
    first = prepare([shop])
    assert prepare([shop]) == first
    assert first.digest != without
    reviewing.withdraw(review=review, actor="anna")
    assert prepare([shop]).digest == without


def test_the_newest_word_of_a_person_counts_whatever_message_it_is_about(shop):
    reviewed("two parrots for my aunt", DEAL, conversation="a")
    newer = reviewed("Two parrots, for my aunt!", HOT, conversation="b")
    dataset = prepare([shop])
    (example,) = [e for e in examples(dataset).values() if "parrots" in e.message]
    assert (example.tags, example.review) == ((HOT,), newer.pk)
    assert dataset.stats["input"]["reviews"]["repeated"] == 1


def test_where_two_people_differ_the_text_is_left_out_with_names_until_one_gives_way(shop):
    review = reviewed("two parrots for my aunt", DEAL, by="anna")
    other = reviewing.record(message=review.message, tags=[HOT], actor="ben")
    dataset = prepare([shop])
    assert "two parrots for my aunt" not in examples(dataset)
    (dispute,) = dataset.stats["input"]["disputes"]
    assert [(one["actor"], one["tags"]) for one in dispute] == [("anna", [DEAL]), ("ben", [HOT])]
    assert {one["place"] for one in dispute} == {f"reviews:{review.pk}", f"reviews:{other.pk}"}

    reviewing.withdraw(review=other, actor="ben")
    assert examples(prepare([shop]))["two parrots for my aunt"].tags == (DEAL,)


def test_people_who_differ_agree_again_by_a_newer_word(shop):
    review = reviewed("two parrots for my aunt", DEAL, by="anna")
    reviewed("Two parrots for my aunt", HOT, by="ben", conversation="other")
    assert prepare([shop]).stats["input"]["disputes"]
    reviewing.record(message=review.message, tags=[HOT], actor="anna")
    dataset = prepare([shop])
    assert dataset.stats["input"]["disputes"] == []
    (example,) = [e for e in examples(dataset).values() if "parrots" in e.message]
    assert example.tags == (HOT,)


def test_disputed_words_keep_the_files_label_out_too(shop):
    text = labelled.texts(60)[0]
    reviewed(text, DEAL, by="anna", conversation="a")
    reviewed(text, HOT, by="ben", conversation="b")
    assert text not in examples(prepare([shop]))


def test_reviews_of_an_erased_conversation_are_gone_with_it(shop):
    without = prepare([shop]).digest
    reviewed("two parrots for my aunt", DEAL)
    erasure.erase(conversation_id="c", actor="staff")
    assert prepare([shop]).digest == without


def test_thousands_of_reviews_are_read_in_a_few_statements(
    keyword_model, django_assert_max_num_queries
):
    labelled.many_reviewed([(f"order number {n}", [DEAL]) for n in range(6000)], keyword_model)
    with django_assert_max_num_queries(3):
        found = reviews.gather(labelled.TAGS, max_length=1000)
    assert len(found.records) == found.facts["count"] == 6000
