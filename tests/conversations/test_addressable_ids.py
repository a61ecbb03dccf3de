"""No conversation is made that nobody could read or erase later."""

import json
from urllib.parse import quote

import pytest

from conversations import ingest
from conversations.models import Conversation
from conversations.replay import BadFileError, read

UNADDRESSABLE = (
    *(".", "..", "/", "a/", "/a", "a//", "a/.", "a/../b", "./a"),
    *("a/messages/1/correction", "a\nb/messages/007/correction", "a/messages/x/correction"),
)


@pytest.fixture
def post(keyword_model, api_client):
    def send(conversation_id):
        body = {"conversation_id": conversation_id, "message": "hello"}
        return api_client.post("/classify-conversation", body, format="json")

    return send


@pytest.mark.parametrize("conversation_id", UNADDRESSABLE)
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


@pytest.mark.parametrize("conversation_id", UNADDRESSABLE)
def test_no_file_to_replay_makes_such_an_id(tmp_path, conversation_id):
    file = tmp_path / "played.jsonl"
    file.write_text(json.dumps({"conversation_id": conversation_id, "messages": ["hello"]}))
    with pytest.raises(BadFileError, match="conversation_id"):
        read(file, tell=print)


@pytest.mark.parametrize("conversation_id", [*UNADDRESSABLE, "", "a\0b"])
def test_the_one_write_path_makes_none_whatever_door_forgets_to_ask(keyword_model, conversation_id):
    with pytest.raises(ValueError, match="id"):
        ingest.post(conversation_id=conversation_id, text="hello")
    assert not Conversation.objects.exists()


def test_staff_can_make_no_conversation_and_a_try_stores_none(keyword_model, admin_client):
    assert admin_client.post("/admin/conversations/conversation/add/", {}).status_code == 403
    assert admin_client.post("/", {"text": "hello\nyou", "lines": "on"}).status_code == 200
    assert not Conversation.objects.exists()
