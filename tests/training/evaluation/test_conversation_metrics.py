import pytest

from conversations.tagging import TaggedMessage
from training.evaluation.conversation_metrics import follow, series

STAGES = {"first": 10, "wish": 30, "deal": 40, "hot": 50}


def tagged(*tags):
    return TaggedMessage(probabilities=dict.fromkeys(tags, 0.9), selected=frozenset(tags))


def test_the_series_follows_the_rule_message_by_message():
    messages = [tagged("first"), tagged("wish"), tagged(), tagged(), tagged()]
    assert series(messages, STAGES, rule="newest", threshold=0.5) == [
        "first",
        "wish",
        "wish",
        "wish",
        None,
    ]


def test_a_perfect_follower():
    gold = ["first", "wish", "hot"]
    found = follow([(gold, gold)])
    assert (found.accuracy, found.precision, found.recall, found.delay) == (1, 1, 1, 0)
    assert (found.switches, found.reached, found.messages) == (2, 2, 3)


def test_a_switch_that_comes_one_message_late():
    found = follow([(["first", "hot", "hot"], ["first", "first", "hot"])])
    assert found.accuracy == pytest.approx(2 / 3)
    assert (found.precision, found.recall) == (0, 0)
    assert (found.delay, found.reached) == (1, 1)


def test_a_switch_that_gold_has_left_before_it_comes_is_not_reached():
    found = follow([(["first", "wish", "hot"], ["first", "first", "wish"])])
    assert (found.reached, found.delay) == (0, None)


def test_losing_the_tag_is_a_switch_and_getting_the_first_is_none():
    found = follow([([None, "wish", None], [None, "wish", None])])
    assert found.switches == 1


def test_nothing_at_all():
    assert follow([]).accuracy == 0
