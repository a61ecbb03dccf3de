"""GET /conversation/{id}: the whole tag history."""

from urllib.parse import quote

import pytest

from conversations import reviewing
from conversations.models import Conversation
from tests.conversations.conftest import DEAL, HOT, NEW, WINDOW, WISH
from tests.conversations.posting import add_message


@pytest.fixture
def show(api_client):
    def get(conversation_id="shoes", **query):
        return api_client.get(f"/conversation/{quote(conversation_id)}", query)

    return get


def test_head_says_where_the_conversation_stands(worked_example, show):
    answer = show().json()
    assert answer["conversation_id"] == "shoes"
    assert answer["conversation_tag"] == {"tag": HOT, "confidence": 0.9526}
    assert answer["message_count"] == 4
    assert answer["next"] is None
    assert answer["updated_at"] == worked_example[3].created_at.isoformat()


def test_messages_stand_in_order_with_the_tag_after_each(worked_example, show):
    messages = show().json()["messages"]
    assert [one["position"] for one in messages] == [1, 2, 3, 4]
    assert [one["conversation_tag"]["tag"] for one in messages] == [NEW, WISH, DEAL, HOT]
    assert [one["switched"] for one in messages] == [False, True, True, True]


def test_a_message_shows_all_that_is_stored_of_it(worked_example, show):
    message = show().json()["messages"][2]
    assert message == {
        "position": 3,
        "message": "Do you have any discount codes for first-time buyers?",
        "message_id": None,
        "sent_at": None,
        "created_at": worked_example[2].created_at.isoformat(),
        "model_version": "keywords-1",
        "rule": "newest",
        "threshold": 0.5,
        "thresholds": dict.fromkeys([NEW, "Window-shopper", WISH, DEAL, HOT], 0.5),
        "tags": [{"tag": DEAL, "confidence": 0.9526}, {"tag": NEW, "confidence": 0.9526}],
        "probabilities": {
            NEW: 0.9526,
            "Window-shopper": 0.0474,
            WISH: 0.0474,
            DEAL: 0.9526,
            HOT: 0.0474,
        },
        "conversation_tag": {"tag": DEAL, "confidence": 0.9526},
        "switched": True,
        "review": False,
        "correction": None,
    }


def test_switches_are_listed_in_order(worked_example, show):
    switches = show().json()["switches"]
    assert [(one["position"], one["from"], one["to"]) for one in switches] == [
        (2, NEW, WISH),
        (3, WISH, DEAL),
        (4, DEAL, HOT),
    ]
    assert switches[0]["at"] == worked_example[1].created_at.isoformat()


def test_the_newest_correction_stands_beside_the_prediction(worked_example, show):
    reviewing.record(message=worked_example[0], tags=[HOT], actor="anna")
    reviewing.record(message=worked_example[0], tags=[], actor="ben", note="a joke")
    message = show().json()["messages"][0]
    assert message["tags"] == [{"tag": NEW, "confidence": 0.9526}]
    assert message["correction"].pop("created_at")
    assert message["correction"].pop("labelled_for") == [NEW, WINDOW, WISH, DEAL, HOT]
    assert message["correction"] == {"tags": [], "actor": "ben", "note": "a joke"}
    assert message["conversation_tag"] is None


def test_long_ones_are_read_in_pages(worked_example, show):
    positions, switched, after = [], [], 0
    while after is not None:
        page = show(after=after, limit=3).json()
        positions.append([one["position"] for one in page["messages"]])
        switched.append([one["position"] for one in page["switches"]])
        after = page["next"]
    assert positions == [[1, 2, 3], [4]]
    assert switched == [[2, 3], [4]]


def test_a_full_last_page_has_no_next(worked_example, show):
    assert show(limit=4).json()["next"] is None


def test_number_of_queries_does_not_grow_with_the_messages(
    worked_example, show, django_assert_max_num_queries
):
    show()
    for _ in range(20):
        add_message(conversation_id="shoes", text="I'm new, save it")
    with django_assert_max_num_queries(7):
        show()


@pytest.mark.parametrize("conversation_id", ["nobody", "a\0b", "x" * 300])
def test_an_unknown_one_is_404_in_the_error_shape(show, conversation_id):
    response = show(conversation_id)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("conversation_id", ["a/b", "客户 1", "x?y#z%"])
def test_any_id_can_be_read(keyword_model, show, conversation_id):
    add_message(conversation_id=conversation_id, text="hi")
    assert show(conversation_id).json()["conversation_id"] == conversation_id
    assert Conversation.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("after", "-1"), ("after", "x"), ("after", str(2**31)), ("limit", "0"), ("limit", "1001")],
)
def test_a_bad_page_is_refused_by_name(worked_example, show, field, value):
    response = show(**{field: value})
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == [field]
