"""A training is due when enough was reviewed, or what shapes it changed, and never otherwise."""

import pytest
from django.utils import timezone

from classifier import text
from classifier.models import Tag
from conversations import reviewing
from tests.training import labelled
from tests.training.labelled import reviewed
from training.datasets.options import Options
from training.learning.config import PRESETS
from training.models import TrainingRun
from training.runs import due

CONFIG = PRESETS["default"]


@pytest.fixture
def shop(settings, tmp_path, keyword_model):
    settings.RETRAIN_AFTER_REVIEWS = 3
    path = labelled.file(tmp_path / "shop.jsonl")
    settings.TRAINING_FILES = [str(path)]
    return path


def trained(**values):
    """A completed training on what there is now."""
    now = timezone.now()
    facts = {
        "state": "succeeded",
        "trigger": "schedule",
        "shape": due.shape(CONFIG),
        "reviews_up_to": due.newest_review(),
        "lease_until": now,
        "finished_at": now,
    }
    return TrainingRun.objects.create(**facts | values)


def test_the_first_training_is_due(shop):
    found = due.assess(CONFIG)
    assert found.is_due
    assert found.reason == "Nothing has been trained yet."


def test_nothing_new_is_never_due(shop):
    reviewed("an owl", "Hot-buyer")
    run = trained()
    found = due.assess(CONFIG)
    assert (found.is_due, found.reviewed, found.needed) == (False, 0, 3)
    assert found.reason.startswith(f"Nothing has changed since run {run.pk}")


def test_a_failed_or_skipped_run_is_no_training(shop):
    trained(state="failed")
    trained(state="skipped")
    assert due.assess(CONFIG).is_due


def test_a_version_that_did_not_go_live_was_trained_all_the_same(shop):
    trained(activated=False)
    assert not due.assess(CONFIG).is_due


def test_enough_reviewed_messages_make_it_due_and_fewer_are_counted(shop):
    run = trained()
    reviewed("an owl", "Hot-buyer")
    reviewed("a goose")
    found = due.assess(CONFIG)
    assert (found.is_due, found.reviewed) == (False, 2)
    assert f"Since run {run.pk} there are 2 of 3 reviewed messages needed" in found.reason
    reviewed("a heron")
    found = due.assess(CONFIG)
    assert (found.is_due, found.reviewed) == (True, 3)
    assert "3 messages were reviewed" in found.reason


def test_many_words_on_one_message_are_one_message(shop):
    trained()
    review = reviewed("an owl")
    for tags in (["Hot-buyer"], ["Deal-seeker"], []):
        reviewing.record(message=review.message, tags=tags, actor="anna")
    assert due.assess(CONFIG).reviewed == 1


def test_a_withdrawn_review_that_was_learnt_from_counts_and_one_that_was_not_does_not(shop):
    learnt = reviewed("an owl", "Hot-buyer")
    trained()
    brief = reviewed("a goose")
    reviewing.withdraw(review=brief, actor="anna")
    assert due.assess(CONFIG).reviewed == 0
    reviewing.withdraw(review=learnt, actor="anna")
    assert due.assess(CONFIG).reviewed == 1


def test_where_reviews_are_not_read_they_do_not_count(shop, settings):
    settings.TRAINING_READING = ["no-reviews"]
    trained()
    for owl in ("one owl", "two owls", "three tall owls"):
        reviewed(owl)
    assert due.assess(CONFIG).reviewed == 0


def new_tag(**_):
    Tag.objects.create(name="Complaint", stage=1, description="Complains.")


def new_description(**_):
    Tag.objects.filter(name="Hot-buyer").update(description="Buys at once.")


def more_messages(shop, **_):
    with shop.open("a") as file:
        file.write('\n{"message": "an owl", "tags": []}')


def other_cleaning(monkeypatch, **_):
    monkeypatch.setattr(text, "VERSION", text.VERSION + 1)


def other_reading(settings, **_):
    settings.TRAINING_READING = ["later-wins"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (new_tag, "Tags have changed since run {} (new: Complaint)."),
        (new_description, "Tags have changed since run {} (described anew: Hot-buyer)."),
        (more_messages, "The files of labelled messages have changed since run {}."),
        (other_cleaning, "What the model reads of a message has changed with a new Beez since "),
        (other_reading, "How labelled messages are read has changed since run {}."),
    ],
)
def test_what_shapes_a_training_makes_it_due(shop, settings, monkeypatch, change, told):
    run = trained()
    change(shop=shop, settings=settings, monkeypatch=monkeypatch)
    found = due.assess(CONFIG)
    assert found.is_due
    assert told.format(run.pk) in found.reason


@pytest.mark.parametrize(
    ("config", "names"),
    [
        (CONFIG.with_changes(base_model="other"), "base_model"),
        (CONFIG.with_changes(preset="own", early_exit=0.0), "early_exit, preset"),
    ],
)
def test_another_base_model_or_preset_makes_it_due(shop, config, names):
    run = trained()
    found = due.assess(config)
    assert found.is_due
    assert (
        found.reason == f"The settings of the training have changed since run {run.pk} ({names})."
    )


def test_the_same_content_under_another_name_changes_nothing(shop):
    trained()
    assert not due.assess(CONFIG, [shop.rename(shop.with_name("renamed.jsonl"))]).is_due


def test_a_run_of_an_older_beez_that_noted_nothing_is_followed_by_one_training(shop):
    run = trained(shape={}, reviews_up_to=None)
    found = due.assess(CONFIG)
    assert found.is_due
    assert f"Run {run.pk} was made by an older Beez" in found.reason


def test_a_file_that_cannot_be_read_is_for_the_training_to_tell(shop):
    trained()
    shop.unlink()
    assert due.assess(CONFIG, options=Options()).is_due
