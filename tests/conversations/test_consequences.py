"""What other thresholds would have done to the stored messages, told without a model."""

import pytest
from django.utils import timezone

from classifier.models import Tag
from conversations import consequences
from conversations.consequences import foresee
from conversations.models import Conversation, Message
from conversations.reviewing import record, withdraw
from conversations.staff import threshold_preview
from tests.conversations.conftest import DEAL, HOT

NOW = {HOT: 0.5, DEAL: 0.5}


@pytest.fixture
def store(keyword_model):
    """Store messages with these probabilities of Hot-buyer, in one conversation."""
    conversation = Conversation.objects.create(conversation_id="c", updated_at=timezone.now())

    def rows(*values, **fields):
        return Message.objects.bulk_create(
            Message(
                conversation=conversation,
                position=Message.objects.count() + number,
                text=f"message {value}",
                probabilities=value if isinstance(value, dict) else {HOT: value},
                thresholds={},
                threshold=0.5,
                model_version=keyword_model,
                rule="newest",
                created_at=timezone.now(),
                **fields,
            )
            for number, value in enumerate(values, start=1)
        )

    return rows


def effect(**after):
    (one,) = foresee(NOW, NOW | {HOT: after["hot"]}).effects
    return one


def test_a_higher_threshold_takes_the_tag_from_those_between(store):
    store(0.1, 0.5, 0.6, 0.7, 0.9)
    one = effect(hot=0.7)
    assert (one.gains, one.having, one.moved) == (False, 4, 2)  # 0.7 still has it


def test_a_lower_threshold_gives_it_to_those_between(store):
    store(0.1, 0.3, 0.4, 0.5)
    one = effect(hot=0.3)
    assert (one.gains, one.having, one.moved) == (True, 1, 2)


def test_only_tags_whose_threshold_changes_are_told_of(store):
    store({HOT: 0.6, DEAL: 0.6})
    assert [one.tag for one in foresee(NOW, NOW | {DEAL: 0.7}).effects] == [DEAL]
    assert foresee(NOW, NOW).effects == []


def test_a_model_that_did_not_know_the_tag_says_nothing_of_it(store):
    store({DEAL: 0.6}, {HOT: 0.6})
    assert (effect(hot=0.7).moved, sum(effect(hot=0.7).columns)) == (1, 1)


def test_the_last_messages_count_alone(store, monkeypatch):
    monkeypatch.setattr(consequences, "MESSAGES", 3)
    store(0.6, 0.6, 0.6, 0.6, 0.9)
    told = foresee(NOW, NOW | {HOT: 0.7})
    assert (told.messages, told.effects[0].moved) == (3, 2)


def test_reviews_say_what_becomes_right_and_what_wrong(store):
    with_tag, without, unreviewed = store(0.6, 0.6, 0.6)
    record(message=with_tag, tags=[HOT], actor="a")
    record(message=without, tags=[DEAL], actor="a")
    lost = effect(hot=0.7)
    assert (lost.moved, lost.right, lost.wrong) == (3, 1, 1)
    (gained,) = foresee({HOT: 0.7}, {HOT: 0.5}).effects
    assert (gained.moved, gained.right, gained.wrong) == (3, 1, 1)
    assert unreviewed.pk in {example.message.pk for example in lost.examples}


def test_the_review_that_holds_decides(store):
    twice, withdrawn = store(0.6, 0.6)
    record(message=twice, tags=[HOT], actor="a")
    record(message=twice, tags=[], actor="b")
    withdraw(review=record(message=withdrawn, tags=[HOT], actor="a"), actor="a")
    assert (effect(hot=0.7).right, effect(hot=0.7).wrong) == (1, 0)


def test_a_review_from_before_the_tag_says_nothing_of_it(store):
    (message,) = store(0.6)
    record(message=message, tags=[], actor="a")
    Tag.objects.create(name="Gift-buyer", description="x", stage=45)
    Message.objects.update(probabilities={"Gift-buyer": 0.6})
    (one,) = foresee({"Gift-buyer": 0.5}, {"Gift-buyer": 0.7}).effects
    assert (one.moved, one.right, one.wrong) == (1, 0, 0)


def test_examples_show_what_goes_wrong_first_then_the_newest(store):
    right, wrong, *others = store(0.6, 0.6, 0.6, 0.6, 0.6)
    record(message=right, tags=[], actor="a")
    record(message=wrong, tags=[HOT], actor="a")
    shown = [(one.message.pk, one.becomes) for one in effect(hot=0.7).examples]
    newest = [one.pk for one in reversed(others)]
    assert shown == [(wrong.pk, "wrong"), (right.pk, "right"), (newest[0], ""), (newest[1], "")]


def test_columns_count_every_message_at_its_probability(store):
    store(0.0, 0.049, 0.05, 0.52, 0.999, 1.0)
    columns = effect(hot=0.7).columns
    assert {place: count for place, count in enumerate(columns) if count} == {
        0: 2,
        1: 1,
        10: 1,
        19: 2,
    }


def test_the_number_of_statements_does_not_grow(store, django_assert_max_num_queries):
    for message in store(*[0.6] * 20):
        record(message=message, tags=[HOT], actor="a")
    with django_assert_max_num_queries(3):
        effect(hot=0.7)


def test_the_picture_is_as_high_as_its_inner_columns_and_names_the_rest(store):
    store(*[0.01] * 9, 0.5, 0.51, 0.61)
    picture = threshold_preview.preview(HOT, 0.7).lines[0].picture
    first, middle = picture.columns[0], picture.columns[10]
    assert (first.height, first.beyond) == (120, "9")
    assert (middle.height, middle.beyond) == (120, "")
    assert picture.columns[12].height == 60
    assert (picture.left, picture.width) == (300, 120)
