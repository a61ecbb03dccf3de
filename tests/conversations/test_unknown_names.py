"""No conversation route ignores a name that it does not know."""

import pytest

from conversations.models import Conversation, Message, Review

pytestmark = pytest.mark.usefixtures("worked_example")


def fields(response):
    assert response.status_code == 400, response.content
    return response.json()["error"]["fields"]


def test_a_misspelt_message_id_stores_nothing(api_client):
    body = {"conversation_id": "new", "message": "hello", "messageId": "m-1"}
    found = fields(api_client.post("/classify-conversation", body, format="json"))
    assert "'message_id'" in found["messageId"][0]
    assert not Conversation.objects.filter(conversation_id="new").exists()


@pytest.mark.parametrize("path", ["/conversations", "/conversation/shoes"])
@pytest.mark.parametrize("name", ["page", "offset"])
def test_paging_by_number_is_refused_rather_than_answered_with_page_one(api_client, path, name):
    assert "limit" in fields(api_client.get(path, {name: 2}))[name][0]


def test_an_erasure_with_a_query_erases_nothing(api_client):
    assert list(fields(api_client.delete("/conversation/shoes?dry_run=true"))) == ["dry_run"]
    assert Message.objects.count() == 4


def test_a_correction_with_another_field_corrects_nothing(api_client):
    body = {"tags": [], "tag": "Hot-buyer"}
    path = "/conversation/shoes/messages/1/correction"
    assert list(fields(api_client.post(path, body, format="json"))) == ["tag"]
    assert not Review.objects.exists()
