"""Thresholds set at run time: stored for ever, followed everywhere, kept by activations."""

import threading
import time

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from classifier import live, registry, thresholds
from classifier.decision import Overrides
from classifier.models import Tag, ThresholdChange
from classifier.thresholds import ThresholdError, change
from tests import keyword_model as keywords
from tests.classifier import processes
from tests.classifier.test_live_model import NOTICE_SECONDS, within

HOT, DEAL = "Hot-buyer", "Deal-seeker"
transactional = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def selected(text="buy"):
    return [tag for tag, _ in live.current().classify(text).selected]


def refreshed():
    live.refresh()
    return selected()


def test_a_change_decides_from_then_on_and_the_engine_stays_as_it_was(keyword_model):
    assert refreshed() == [HOT]
    change(values={HOT: 0.99}, actor="ada")
    assert refreshed() == []
    found = live.current().classify("buy")
    assert (found.threshold, found.thresholds[HOT], found.thresholds[DEAL]) == (0.5, 0.99, 0.5)
    assert live.current().engine.classify("buy").selected


def test_null_takes_an_override_back_to_what_the_model_chose(keyword_model):
    change(values={HOT: 0.99, None: 0.98}, actor="ada")
    change(values={HOT: None}, actor="ada")
    live.refresh()
    assert live.current().in_force.thresholds == dict.fromkeys(keywords.SHIPPED_TAGS, 0.98)
    change(values={None: None}, actor="ada")
    live.refresh()
    assert live.current().in_force.thresholds == dict.fromkeys(keywords.SHIPPED_TAGS, 0.5)


def test_a_change_survives_the_activation_of_another_version(keyword_model, models_dir):
    change(values={HOT: 0.99}, actor="ada")
    keywords.build(models_dir, "b", words=keywords.SHIPPED_TAGS, threshold=0.3)
    registry.activate(registry.register("b"))
    live.refresh()
    assert live.current().version_name == "b"
    assert live.current().in_force.thresholds[HOT] == 0.99
    assert live.current().in_force.thresholds[DEAL] == 0.3


def test_a_change_holds_for_the_old_model_while_the_new_one_cannot_be_loaded(
    keyword_model, models_dir
):
    live.refresh()
    keywords.build(models_dir, "b", words=keywords.SHIPPED_TAGS)
    registry.activate(registry.register("b"))
    (models_dir / "b" / "model.onnx").write_bytes(b"rubbish")
    change(values={HOT: 0.99}, actor="ada")
    assert refreshed() == []
    assert live.current().version_name == "keywords-1"


def test_who_holds_a_model_is_answered_with_one_set_of_thresholds_throughout(keyword_model):
    held = live.current()
    change(values={HOT: 0.99}, actor="ada")
    live.refresh()
    assert held.classify("buy").selected
    assert not live.current().classify("buy").selected


def test_nothing_is_asked_for_a_message_and_one_query_for_a_look(
    keyword_model, django_assert_num_queries
):
    change(values={HOT: 0.99}, actor="ada")
    live.refresh()
    with django_assert_num_queries(0):
        live.current().classify("buy")
    with django_assert_num_queries(1):
        live.refresh()


def test_every_change_is_kept_with_who_when_and_why(keyword_model):
    change(values={HOT: 0.6, None: 0.7}, actor="ada", note="fewer")
    change(values={HOT: None}, actor="ben")
    rows = ThresholdChange.objects.order_by("id").values_list("tag", "value", "actor", "note")
    assert list(rows) == [
        (HOT, 0.6, "ada", "fewer"),
        (None, 0.7, "ada", "fewer"),
        (HOT, None, "ben", ""),
    ]
    newest = ThresholdChange.objects.first().pk
    assert thresholds.overrides() == Overrides(threshold=0.7, newest=newest)


@pytest.mark.parametrize("value", [0, 1, -0.1, 1.01, float("nan"), float("inf")])
def test_a_threshold_lies_between_0_and_1_and_is_neither(db, value):
    with pytest.raises(ThresholdError, match="between 0 and 1"):
        change(values={None: value}, actor="ada")


def test_an_unknown_tag_is_refused_naming_those_there_are_and_nothing_is_stored(db):
    with pytest.raises(ThresholdError, match=r"no tag 'Nobody'.*First-time-visitor, Window"):
        change(values={HOT: 0.6, "Nobody": 0.6}, actor="ada")
    assert not ThresholdChange.objects.exists()


def test_the_database_itself_refuses_what_is_no_threshold(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        ThresholdChange.objects.create(value=1.0)


def test_a_tag_with_changes_stays(db):
    tag = Tag.objects.create(name="Gift-giver", description="x", stage=1)
    change(values={"Gift-giver": 0.6}, actor="ada")
    with pytest.raises(ProtectedError):
        tag.delete()


@transactional
def test_the_watcher_follows_a_change_within_two_seconds(keyword_model):
    live.warm()
    change(values={HOT: 0.99}, actor="ada")
    assert within(NOTICE_SECONDS, lambda: selected() == [])
    change(values={HOT: None}, actor="ada")
    assert within(NOTICE_SECONDS, lambda: selected() == [HOT])


CHANGE = """
import time
import django
django.setup()
from classifier import thresholds

thresholds.change(values={"Hot-buyer": 0.99}, actor="ada")
print(time.time())
"""


@transactional
def test_a_change_made_in_another_process_is_followed_within_two_seconds(keyword_model):
    live.warm()
    assert selected() == [HOT]
    changed_at = float(processes.run(CHANGE))
    assert within(changed_at + NOTICE_SECONDS - time.time(), lambda: selected() == [])


@transactional
def test_two_changes_at_once_follow_each_other_so_that_no_watcher_misses_one(keyword_model):
    """The second waits for the first: the order of ids is the order of commits."""
    begun, done = threading.Event(), []

    def second():
        begun.set()
        change(values={DEAL: 0.8}, actor="ben")
        done.append("second")
        connection.close()

    other = threading.Thread(target=second)
    with transaction.atomic():
        change(values={HOT: 0.9, DEAL: 0.9}, actor="ada")
        other.start()
        begun.wait()
        time.sleep(0.3)
        done.append("first")
    other.join()
    assert done == ["first", "second"]
    found = thresholds.overrides()
    assert found.tags == {HOT: 0.9, DEAL: 0.8}
    assert ThresholdChange.objects.count() == 3
