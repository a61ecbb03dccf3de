"""No conversation is made that nobody could read or erase later."""

from urllib.parse import quote

import pytest

from conversations.models import Conversation


@pytest.fixture
def post(keyword_model, api_client):
    def send(conversation_id):
        body = {"conversation_id": conversation_id, "message": "hello"}
        return api_client.post("/classify-conversation", body, format="json")

    return send


@pytest.mark.parametrize(
    "conversation_id",
    [
        *(".", "..", "/", "a/", "/a", "a//", "a/.", "a/../b", "./a"),
        *("a/messages/1/correction", "a\nb/messages/007/correction", "a/messages/x/correction"),
    ],
)
def test_an_id_of_which_a_path_would_be_another_one_is_refused(post, conversation_id):
    response = post(conversation_id)
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == ["conversation_id"]
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    "conversation_id",
    [
        *("...", ".a", "a..b", "a/b", "https://shop.example/chats/17", "a\\", "%2F", "%2e%2e"),
        *("messages/1/correction", "a/messages/x/y/correction", "?", "a\nb", "a\t"),
    ],
)
def test_any_other_id_is_taken_and_is_read_again(post, api_client, conversation_id):
    assert post(conversation_id).status_code == 200
    path = f"/conversation/{quote(conversation_id, safe='')}"
    assert api_client.get(path).json()["conversation_id"] == conversation_id
