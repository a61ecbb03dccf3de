"""A message unlike anything learnt asks for review, however sure the tags are."""

import json

import pytest

from classifier import live, registry
from tests import keyword_model

pytestmark = pytest.mark.django_db
WORDS = [word for group in keyword_model.SHIPPED_TAGS.values() for word in group]


@pytest.fixture
def knows_its_words(models_dir, db):
    """A live model that has learnt from its keywords, and from nothing else."""
    said = {"tokens": list(range(1, len(WORDS) + 1)), "limit": 0.4}
    keyword_model.build(
        models_dir,
        "familiar",
        words=keyword_model.SHIPPED_TAGS,
        max_length=8,
        extra_files={"familiar.json": json.dumps(said).encode()},
    )
    registry.activate(registry.register("familiar"))
    live.refresh()


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("discount", False),
        ("где discount", True),
        ("😍😍", True),
        ("...", True),
        ("42", False),
        ("buy " * 30, True),
    ],
)
def test_strange_textless_and_cut_messages_ask_for_review(
    knows_its_words, api_client, text, strange
):
    answer = api_client.post("/classify-message", {"message": text}, format="json").json()
    assert (answer["unfamiliar"], answer["review"]) == (strange, strange)


def test_a_stored_message_that_is_unfamiliar_asks_for_review(knows_its_words, api_client):
    body = {"conversation_id": "a", "message": "где discount"}
    assert api_client.post("/classify-conversation", body, format="json").json()["review"]
    found = api_client.get("/conversations?review=true").json()["conversations"]
    assert [each["conversation_id"] for each in found] == ["a"]


def test_a_model_that_does_not_know_what_it_learnt_from_asks_for_its_tags_alone(
    keyword_model, api_client
):
    answer = api_client.post("/classify-message", {"message": "где discount"}, format="json")
    assert not answer.json()["unfamiliar"]
