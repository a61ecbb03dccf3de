"""POST /classify-conversation: the original's fields, the additions, and what is refused."""

import json

import pytest

from conversations.models import Conversation, Message
from tests.conversations.conftest import DEAL, HOT, NEW, WISH, WORKED_EXAMPLE

URL = "/classify-conversation"


@pytest.fixture
def classify(keyword_model, api_client):
    def post(message, conversation_id="c", **more):
        body = {"conversation_id": conversation_id, "message": message, **more}
        return api_client.post(URL, json.dumps(body), content_type="application/json")

    return post


def test_first_message_of_the_worked_example(classify):
    response = classify(WORKED_EXAMPLE[0])
    assert response.status_code == 200
    assert response.json() == {
        "conversation_id": "c",
        "threshold": 0.5,
        "conversation_tag": {"tag": NEW, "confidence": 0.9526},
        "switched": False,
        "evidence": [
            {
                "message": WORKED_EXAMPLE[0],
                "top": [
                    {"tag": NEW, "confidence": 0.9526},
                    {"tag": DEAL, "confidence": 0.0474},
                    {"tag": HOT, "confidence": 0.0474},
                ],
            }
        ],
        "review": False,
        "position": 1,
        "previous_tag": None,
        "model_version": "keywords-1",
    }


def test_worked_example_switches_three_times(classify):
    answers = [classify(text).json() for text in WORKED_EXAMPLE]
    assert [(one["conversation_tag"]["tag"], one["switched"]) for one in answers] == [
        (NEW, False),
        (WISH, True),
        (DEAL, True),
        (HOT, True),
    ]
    assert [one["previous_tag"] for one in answers] == [None, NEW, WISH, DEAL]


def test_evidence_is_the_last_two_messages_oldest_first(classify):
    for text in WORKED_EXAMPLE:
        answer = classify(text).json()
    assert [one["message"] for one in answer["evidence"]] == [
        "Do you have any discount codes for first-time buye...",
        WORKED_EXAMPLE[3],
    ]
    assert {top["tag"] for top in answer["evidence"][0]["top"]} >= {NEW, DEAL}


@pytest.mark.parametrize(("length", "shown"), [(50, 50), (51, 53)])
def test_evidence_is_cut_only_where_longer_than_50_characters(classify, length, shown):
    text = "é" * length
    evidence = classify(text).json()["evidence"][0]["message"]
    assert len(evidence) == shown
    assert evidence.endswith("...") == (length > 50)


def test_a_message_without_tags_leaves_a_new_conversation_without(classify):
    answer = classify("hello").json()
    assert answer["conversation_tag"] is None
    assert answer["switched"] is False


def test_losing_the_tag_is_switched(classify):
    for text in ["I'm new", "a", "b", "c"]:
        answer = classify(text).json()
    assert (answer["conversation_tag"], answer["switched"], answer["previous_tag"]) == (
        None,
        True,
        NEW,
    )


def test_a_repeat_with_the_same_message_id_gives_the_same_answer_later_too(classify):
    first = [classify(text, message_id=str(i)).json() for i, text in enumerate(WORKED_EXAMPLE)]
    again = [classify(text, message_id=str(i)).json() for i, text in enumerate(WORKED_EXAMPLE)]
    assert again == first
    assert Message.objects.count() == 4


def test_the_same_message_id_with_another_message_is_a_conflict(classify):
    classify("I'm new", message_id="m")
    response = classify("checkout", message_id="m")
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "conflict"
    assert Message.objects.count() == 1


def test_a_message_id_of_null_is_none_at_all(classify):
    for _ in range(2):
        assert classify("hello", message_id=None).status_code == 200
    assert Message.objects.count() == 2


@pytest.mark.parametrize("field", ["conversation_id", "message", "message_id"])
@pytest.mark.parametrize(
    "value",
    ["", "  \t\n", "a\0b", "\ud800", 17, 1.5, True, ["a"], {"a": "b"}],
    ids=["empty", "blank", "nul", "surrogate", "int", "float", "bool", "list", "object"],
)
def test_what_is_no_text_is_refused(classify, field, value):
    body = {"message": "hello", "conversation_id": "c", field: value}
    response = classify(**body)
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == [field]
    assert not Conversation.objects.exists()


@pytest.mark.parametrize("field", ["conversation_id", "message"])
def test_null_is_refused(classify, field):
    response = classify(**{"message": "hello", "conversation_id": "c", field: None})
    assert list(response.json()["error"]["fields"]) == [field]


@pytest.mark.parametrize(
    ("field", "longest"), [("conversation_id", 255), ("message_id", 255), ("message", 100_000)]
)
def test_what_is_too_long_is_refused(classify, field, longest):
    body = {"message": "hello", "conversation_id": "c"}
    assert classify(**body | {field: "x" * longest}).status_code == 200
    response = classify(**body | {field: "x" * (longest + 1)})
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == [field]


@pytest.mark.parametrize("body", [[], "text", None, 3, {}])
def test_a_body_that_is_no_such_object_is_refused(keyword_model, api_client, body):
    assert api_client.post(URL, body, format="json").status_code == 400


def test_ids_are_taken_as_they_stand(classify):
    for conversation_id in [" c ", "c", "C", "客户/1 ?&#%"]:
        assert classify("hello", conversation_id).json()["conversation_id"] == conversation_id
    assert Conversation.objects.count() == 4


def test_without_a_model_the_answer_is_503_and_nothing_is_stored(api_client, models_dir):
    body = {"conversation_id": "c", "message": "hello"}
    response = api_client.post(URL, body, format="json")
    assert response.status_code == 503
    assert response["Retry-After"]
    assert not Conversation.objects.exists()
