"""A review derives the history again in stretches, up to where the old and the new one meet."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import history, reviewing
from conversations.models import Conversation, Message, PredictedTag
from tests.conversations.conftest import DEAL, HOT, NEW, WISH, assert_consistent, switches
from tests.conversations.posting import add_message

TEXTS = {
    NEW: "I'm new",
    WISH: "save it",
    DEAL: "any discount?",
    HOT: "I will buy it",
    "": "thanks",
    f"{DEAL} {HOT}": "I will buy with a discount",
}


def outcomes():
    return list(
        Message.objects.order_by("position").values_list(
            "conversation_tag_id", "conversation_tag_confidence"
        )
    )


@pytest.mark.parametrize("seed", range(12))
def test_ending_where_they_meet_gives_what_the_whole_derivation_gives(
    keyword_model, monkeypatch, seed
):
    monkeypatch.setattr(history, "STRETCH", 4)
    chance = random.Random(seed)
    messages = [
        add_message(
            conversation_id="c",
            text=chance.choice(list(TEXTS.values())),
            rule=chance.choice(["newest", "newest", "mean"]),
        )
        for _ in range(25)
    ]
    for _ in range(6):
        tags = chance.sample([NEW, WISH, DEAL, HOT], chance.randrange(3))
        review = reviewing.record(message=chance.choice(messages), tags=tags, actor="anna")
        if chance.random() < 0.3:
            reviewing.withdraw(review=review, actor="anna")
        assert_consistent("c")
        early = outcomes(), switches("c"), current()
        history.rederive(Conversation.objects.get())
        assert (outcomes(), switches("c"), current()) == early


def current():
    return Conversation.objects.values_list("tag", "tag_confidence", "last_switch_at").get()


def test_a_change_that_reaches_to_the_end_is_followed_to_the_end(keyword_model, monkeypatch):
    monkeypatch.setattr(history, "STRETCH", 5)
    both = TEXTS[f"{DEAL} {HOT}"]  # each message takes the tag that the one before has not
    first, *_ = [add_message(conversation_id="c", text=both) for _ in range(23)]
    before = [tag for tag, _ in outcomes()]
    assert before[:4] == [HOT, DEAL, HOT, DEAL]
    reviewing.record(message=first, tags=[DEAL], actor="anna")
    assert [tag for tag, _ in outcomes()] == [DEAL if tag == HOT else HOT for tag in before]
    assert Conversation.objects.get().tag_id == DEAL
    assert_consistent("c")


def test_a_review_reads_no_further_than_the_histories_differ(keyword_model, monkeypatch):
    monkeypatch.setattr(history, "STRETCH", 5)
    messages = [add_message(conversation_id="c", text=TEXTS[HOT]) for _ in range(40)]
    with CaptureQueriesContext(
        connection,
    ) as short:
        reviewing.record(message=messages[38], tags=[NEW], actor="anna")
    with CaptureQueriesContext(connection) as long:
        reviewing.record(message=messages[0], tags=[NEW], actor="anna")
    assert len(long) <= len(short) + 2
    assert_consistent("c")


def test_what_lies_behind_the_meeting_is_not_touched(keyword_model):
    messages = [add_message(conversation_id="c", text=TEXTS[HOT]) for _ in range(10)]
    PredictedTag.objects.filter(message=messages[8]).delete()  # what would follow differs there
    reviewing.record(message=messages[0], tags=[NEW], actor="anna")
    assert outcomes()[8] == (HOT, pytest.approx(0.9526, abs=1e-4))
