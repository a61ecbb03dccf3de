"""Posting a message stores it with all that follows from it, once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from beez.api.errors import Conflict
from classifier import live
from classifier.live import NoModel
from conversations import ingest
from conversations.models import Conversation, Message, PredictedTag
from tests.conversations.conftest import (
    DEAL,
    HOT,
    NEW,
    WISH,
    WORKED_EXAMPLE,
    assert_consistent,
    switches,
    tags_after,
)
from tests.conversations.posting import add_message


def test_worked_example_comes_out_as_the_guidelines_say(worked_example):
    assert tags_after("shoes") == [NEW, WISH, DEAL, HOT]
    assert switches("shoes") == [(2, NEW, WISH), (3, WISH, DEAL), (4, DEAL, HOT)]
    assert_consistent("shoes")


def test_conversation_stands_where_its_newest_message_left_it(worked_example):
    conversation = Conversation.objects.get(conversation_id="shoes")
    last = worked_example[-1]
    assert conversation.tag_id == HOT
    assert conversation.tag_confidence == last.probabilities[HOT]
    assert conversation.message_count == 4
    assert conversation.last_switch_at == conversation.updated_at == last.created_at


def test_prediction_names_its_model_version_thresholds_and_rule(keyword_model):
    message = add_message(conversation_id="c", text="any discount?")
    message = Message.objects.get(pk=message.pk)
    assert message.model_version == keyword_model
    assert message.threshold == 0.5
    assert message.thresholds == live.current().engine.manifest.thresholds
    assert message.rule == "newest"
    assert set(message.probabilities) == set(keyword_model.tags)
    assert list(message.predicted_tags.values_list("tag_id", "confidence")) == [
        (DEAL, message.probabilities[DEAL])
    ]


def test_losing_the_tag_is_a_switch_to_none(keyword_model):
    for text in ["I'm new", "thanks", "which sizes?", "hello?"]:
        add_message(conversation_id="c", text=text)
    assert tags_after("c") == [NEW, NEW, NEW, None]
    assert switches("c") == [(4, NEW, None)]
    assert Conversation.objects.get(conversation_id="c").tag is None


def test_conversations_do_not_touch_each_other(keyword_model):
    add_message(conversation_id="a", text="I'm new")
    add_message(conversation_id="b", text="checkout")
    add_message(conversation_id="a", text="thanks")
    assert tags_after("a") == [NEW, NEW]
    assert tags_after("b") == [HOT]


def test_rule_is_a_setting(keyword_model, settings):
    settings.CONVERSATION_RULE = "mean"
    for text in ["any discount?", "thanks"]:
        add_message(conversation_id="c", text=text)
    probability = live.current().engine.classify("thanks").probabilities[DEAL]
    high = live.current().engine.classify("any discount?").probabilities[DEAL]
    message = Message.objects.get(position=2)
    assert (message.rule, message.conversation_tag_id) == ("mean", DEAL)
    assert message.conversation_tag_confidence == pytest.approx((probability + high) / 2)
    assert_consistent("c")


def test_a_new_rule_holds_from_the_next_message_on(keyword_model, settings):
    add_message(conversation_id="c", text="checkout")
    settings.CONVERSATION_RULE = "mean"
    add_message(conversation_id="c", text="thanks")
    settings.CONVERSATION_RULE = "newest"
    add_message(conversation_id="c", text="any discount?")
    assert list(Message.objects.values_list("rule", flat=True)) == ["newest", "mean", "newest"]
    assert_consistent("c")


def test_without_a_model_nothing_is_stored(db, models_dir):
    with pytest.raises(NoModel):
        add_message(conversation_id="c", text="hello")
    assert not Conversation.objects.exists()


def test_a_message_that_switches_the_tag_takes_two_statements(keyword_model):
    add_message(conversation_id="c", text=WORKED_EXAMPLE[0])
    with CaptureQueriesContext(connection) as captured:
        add_message(conversation_id="c", text=WORKED_EXAMPLE[1])
    statements = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    assert len(statements) == 2, statements


class TestMessageId:
    def test_a_repeat_gives_the_stored_message_and_writes_nothing(self, keyword_model):
        first = add_message(conversation_id="c", text="I'm new", message_id="m1")
        add_message(conversation_id="c", text="checkout", message_id="m2")
        before = Conversation.objects.values().get()
        again = add_message(conversation_id="c", text="I'm new", message_id="m1")
        assert again == first
        assert (Message.objects.count(), PredictedTag.objects.count()) == (2, 2)
        assert Conversation.objects.values().get() == before

    def test_a_repeat_needs_no_model(self, keyword_model):
        add_message(conversation_id="c", text="I'm new", message_id="m1")
        keyword_model.activations.all().delete()
        live.reset()
        assert add_message(conversation_id="c", text="I'm new", message_id="m1").position == 1

    def test_a_repeat_knows_the_message_that_stood_before_it(self, keyword_model):
        for number, text in enumerate(["I'm new", "checkout", "thanks"]):
            ingest.post(conversation_id="c", text=text, message_id=f"m{number}")
        again = ingest.post(conversation_id="c", text="checkout", message_id="m1")
        assert again.previous.text == "I'm new"
        assert again.model_version == "keywords-1"

    def test_with_another_text_it_conflicts(self, keyword_model):
        add_message(conversation_id="c", text="I'm new", message_id="m1")
        with pytest.raises(Conflict):
            add_message(conversation_id="c", text="I'm new!", message_id="m1")
        assert Message.objects.count() == 1

    def test_belongs_to_its_conversation(self, keyword_model):
        add_message(conversation_id="a", text="I'm new", message_id="m1")
        message = add_message(conversation_id="b", text="checkout", message_id="m1")
        assert message.position == 1

    def test_one_that_was_stored_while_this_was_being_classified_is_found(
        self, keyword_model, monkeypatch
    ):
        """Two equal requests at once: the second passed the first look before the first stored."""
        engine = live.current().engine
        classify = engine.classify

        def classify_late(text):
            monkeypatch.setattr(engine, "classify", classify)
            add_message(conversation_id="c", text=text, message_id="m1")
            return classify(text)

        monkeypatch.setattr(engine, "classify", classify_late)
        posted = ingest.post(conversation_id="c", text="I'm new", message_id="m1")
        assert posted.message == Message.objects.get()

    def test_with_another_text_at_the_same_time_it_conflicts(self, keyword_model, monkeypatch):
        engine = live.current().engine
        classify = engine.classify

        def classify_late(text):
            monkeypatch.setattr(engine, "classify", classify)
            add_message(conversation_id="c", text="other", message_id="m1")
            return classify(text)

        monkeypatch.setattr(engine, "classify", classify_late)
        with pytest.raises(Conflict):
            add_message(conversation_id="c", text="I'm new", message_id="m1")
        assert Message.objects.get().text == "other"


def test_a_tenth_of_the_messages_is_drawn_at_random_to_tell_quality_by(keyword_model, monkeypatch):
    draws = iter([0.0999, 0.1, 0.9])
    monkeypatch.setattr("conversations.ingest.random.random", lambda: next(draws))
    messages = [add_message(conversation_id="c", text="hello") for _ in range(3)]
    assert [Message.objects.get(pk=one.pk).sampled for one in messages] == [True, False, False]


def test_how_unsure_the_model_was_is_stored(keyword_model):
    sure = add_message(conversation_id="c", text="checkout")
    assert Message.objects.get(pk=sure.pk).uncertainty == pytest.approx(0.0497, abs=1e-4)
