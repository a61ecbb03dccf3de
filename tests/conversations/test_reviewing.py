"""A review holds from its message on, is kept for ever, and leaves predictions alone."""

import pytest

from classifier.models import Tag
from conversations import reviewing
from conversations.models import Conversation, Message, PredictedTag, Review
from tests.conversations.conftest import (
    DEAL,
    HOT,
    NEW,
    WINDOW,
    WISH,
    assert_consistent,
    switches,
    tags_after,
)
from tests.conversations.posting import add_message


def test_history_follows_from_the_corrected_message_on(worked_example):
    reviewing.record(message=worked_example[1], tags=[WINDOW], actor="anna")
    assert tags_after("shoes") == [NEW, WINDOW, DEAL, HOT]
    assert switches("shoes") == [(2, NEW, WINDOW), (3, WINDOW, DEAL), (4, DEAL, HOT)]
    assert_consistent("shoes")


def test_corrected_tag_counts_with_full_confidence(worked_example):
    reviewing.record(message=worked_example[1], tags=[WINDOW], actor="anna")
    message = Message.objects.get(pk=worked_example[1].pk)
    assert message.conversation_tag_confidence == 1.0


def test_predictions_are_never_altered(worked_example):
    before = list(Message.objects.values("position", "probabilities", "thresholds"))
    tags = list(PredictedTag.objects.values())
    reviewing.record(message=worked_example[1], tags=[HOT], actor="anna")
    assert list(Message.objects.values("position", "probabilities", "thresholds")) == before
    assert list(PredictedTag.objects.values()) == tags


def test_no_tags_take_the_tag_away(worked_example):
    reviewing.record(message=worked_example[3], tags=[], actor="anna")
    assert tags_after("shoes") == [NEW, WISH, DEAL, DEAL]
    conversation = Conversation.objects.get()
    assert conversation.tag_id == DEAL
    assert conversation.last_switch_at == worked_example[2].created_at
    assert_consistent("shoes")


def test_when_no_switch_is_left_there_is_no_last_one(keyword_model):
    add_message(conversation_id="c", text="I'm new")
    second = add_message(conversation_id="c", text="checkout")
    reviewing.record(message=second, tags=[NEW], actor="anna")
    assert tags_after("c") == [NEW, NEW]
    assert Conversation.objects.get().last_switch_at is None


def test_newest_correction_holds_and_all_are_kept(worked_example):
    reviewing.record(message=worked_example[0], tags=[HOT], actor="anna", note="sure")
    reviewing.record(message=worked_example[0], tags=[NEW], actor="ben")
    assert tags_after("shoes") == [NEW, WISH, DEAL, HOT]
    kept = Review.objects.order_by("id").values_list("tags", "actor", "note")
    assert list(kept) == [([HOT], "anna", "sure"), ([NEW], "ben", "")]


def test_messages_after_the_window_feel_it_through_the_tag_alone(keyword_model):
    texts = ["I'm new, any discount?", "a", "b", "c", "I'm new, any discount?"]
    first, *_ = [add_message(conversation_id="c", text=text) for text in texts]
    assert tags_after("c") == [DEAL, DEAL, DEAL, None, DEAL]
    reviewing.record(message=first, tags=[], actor="anna")
    assert tags_after("c") == [None, None, None, None, DEAL]
    assert switches("c") == []
    assert_consistent("c")


def test_next_message_is_judged_with_the_correction(worked_example):
    reviewing.record(message=worked_example[3], tags=[WINDOW], actor="anna")
    message = add_message(conversation_id="shoes", text="thanks")
    assert (message.conversation_tag_id, message.conversation_tag_confidence) == (WINDOW, 1.0)
    assert_consistent("shoes")


def test_under_the_mean_rule_the_other_tags_of_the_message_count_nothing(keyword_model, settings):
    settings.CONVERSATION_RULE = "mean"
    first = add_message(conversation_id="c", text="checkout")
    add_message(conversation_id="c", text="any discount?")
    reviewing.record(message=first, tags=[NEW], actor="anna")
    message = Message.objects.get(position=2)
    assert message.conversation_tag_id == NEW
    assert message.conversation_tag_confidence == pytest.approx((1 + 0.0474) / 2, abs=1e-4)
    assert_consistent("c")


def test_a_tag_that_the_model_does_not_know_may_be_given(worked_example):
    Tag.objects.create(name="Bulk-buyer", description="Buys in bulk.", stage=60)
    reviewing.record(message=worked_example[3], tags=["Bulk-buyer", HOT], actor="anna")
    assert tags_after("shoes")[-1] == "Bulk-buyer"
    assert_consistent("shoes")


def test_a_tag_that_was_deleted_later_counts_no_more(worked_example, admin_client):
    tag = Tag.objects.create(name="Bulk-buyer", description="Buys in bulk.", stage=1)
    reviewing.record(message=worked_example[3], tags=["Bulk-buyer", HOT], actor="anna")
    reviewing.record(message=worked_example[2], tags=[HOT], actor="anna")
    reviewing.record(message=worked_example[2], tags=[DEAL], actor="anna")
    assert tags_after("shoes")[-1] == HOT
    tag.delete()
    add_message(conversation_id="shoes", text="thanks")
    assert_consistent("shoes")
    address = f"/admin/conversations/conversation/{worked_example[3].conversation_id}/change/"
    assert admin_client.get(address).status_code == 200


def test_unknown_tags_are_refused_and_nothing_is_stored(worked_example):
    with pytest.raises(reviewing.UnknownTagsError, match="Nobody"):
        reviewing.record(message=worked_example[0], tags=[HOT, "Nobody"], actor="anna")
    assert not Review.objects.exists()


def test_confirming_the_model_is_a_review_too(worked_example):
    review = reviewing.record(message=worked_example[1], tags=[WISH], actor="anna")
    assert review.agrees
    assert Message.objects.get(pk=worked_example[1].pk).reviewed
    assert tags_after("shoes") == [NEW, WISH, DEAL, HOT]


def test_remembers_the_tags_that_existed_and_what_the_model_had_said(worked_example):
    review = reviewing.record(message=worked_example[2], tags=[], actor="anna")
    Tag.objects.create(name="Bulk-buyer", description="Buys in bulk.", stage=60)
    review.refresh_from_db()
    assert review.labelled_for == [NEW, WINDOW, WISH, DEAL, HOT]
    assert set(review.said) == {NEW, DEAL}
    assert not review.agrees


def test_withdrawn_the_one_before_it_holds_again_and_then_the_model(worked_example):
    message = worked_example[3]
    first = reviewing.record(message=message, tags=[WINDOW], actor="anna")
    second = reviewing.record(message=message, tags=[WISH], actor="ben")
    reviewing.withdraw(review=second, actor="cleo")
    assert tags_after("shoes")[-1] == WINDOW
    reviewing.withdraw(review=first, actor="cleo")
    assert tags_after("shoes") == [NEW, WISH, DEAL, HOT]
    assert not Message.objects.get(pk=message.pk).reviewed
    assert list(Review.objects.values_list("actor", "withdrawn_by")) == [
        ("ben", "cleo"),
        ("anna", "cleo"),
    ]
    assert_consistent("shoes")


def test_nothing_is_withdrawn_twice(worked_example):
    review = reviewing.record(message=worked_example[0], tags=[HOT], actor="anna")
    reviewing.withdraw(review=review, actor="anna")
    with pytest.raises(reviewing.WithdrawnError):
        reviewing.withdraw(review=review, actor="ben")
    assert Review.objects.get().withdrawn_by == "anna"


class TestRoute:
    @pytest.fixture
    def post(self, worked_example, api_client):
        def post(body, url="/conversation/shoes/messages/2/correction"):
            return api_client.post(url, body, format="json")

        return post

    def test_answers_with_the_message_as_in_the_history(self, post, api_client):
        response = post({"tags": [WINDOW, WINDOW], "note": "browsing"})
        assert response.status_code == 200
        assert response.json() == api_client.get("/conversation/shoes").json()["messages"][1]
        assert response.json()["conversation_tag"] == {"tag": WINDOW, "confidence": 1.0}
        correction = response.json()["correction"]
        assert correction.pop("created_at")
        assert correction.pop("labelled_for") == [NEW, WINDOW, WISH, DEAL, HOT]
        assert correction == {"tags": [WINDOW], "actor": "tests", "note": "browsing"}

    def test_is_kept_as_sent_by_another_system(self, post):
        post({"tags": [WINDOW]})
        assert Review.objects.get().chosen == Review.Chosen.API

    def test_delete_takes_the_last_word_back(self, post, api_client):
        before = api_client.get("/conversation/shoes").json()["messages"][1]
        post({"tags": [WINDOW]})
        address = "/conversation/shoes/messages/2/correction"
        assert api_client.delete(address).json() == before
        assert api_client.delete(address).status_code == 404
        assert tags_after("shoes") == [NEW, WISH, DEAL, HOT]

    def test_moves_the_conversation_up_the_list(self, post, api_client):
        add_message(conversation_id="other", text="hi")
        post({"tags": []})
        listed = api_client.get("/conversations").json()["conversations"]
        assert [one["conversation_id"] for one in listed] == ["shoes", "other"]

    @pytest.mark.parametrize(
        "url",
        [
            "/conversation/nobody/messages/1/correction",
            "/conversation/a%00b/messages/1/correction",
            "/conversation/shoes/messages/5/correction",
            "/conversation/shoes/messages/0/correction",
            f"/conversation/shoes/messages/{10**40}/correction",
        ],
    )
    def test_an_unknown_message_is_404(self, post, url):
        assert post({"tags": []}, url).status_code == 404

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "tags"),
            ({"tags": None}, "tags"),
            ({"tags": HOT}, "tags"),
            ({"tags": ["Nobody"]}, "tags"),
            ({"tags": [17]}, "tags.0"),
            ({"tags": ["a\0"]}, "tags.0"),
            ({"tags": [], "note": 5}, "note"),
            ({"tags": [], "note": "a\0"}, "note"),
            ({"tags": [], "note": "x" * 501}, "note"),
        ],
    )
    def test_a_bad_body_is_refused_by_name(self, post, body, field):
        response = post(body)
        assert response.status_code == 400
        assert list(response.json()["error"]["fields"]) == [field]
        assert not Review.objects.exists()
