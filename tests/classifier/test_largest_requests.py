"""What one limit allows, the others do too, however lengthily the JSON is written."""

import json

import pytest


@pytest.fixture
def send(api_client, keyword_model):
    def post(path, body):
        """Every character as two escapes of six bytes each, and indented."""
        text = json.dumps(body, indent=4)
        assert "\\ud83d\\ude42" in text
        return api_client.generic("POST", path, text, content_type="application/json")

    return post


def test_the_longest_message(send, settings):
    body = {"message": "🙂" * settings.MAX_MESSAGE_LENGTH}
    assert send("/classify-message", body).status_code == 200


def test_the_longest_message_of_a_conversation_with_the_longest_ids(send, settings, api_client):
    body = {
        "conversation_id": "🙂" * 255,
        "message": "🙂" * settings.MAX_MESSAGE_LENGTH,
        "message_id": "🙂" * 255,
    }
    assert send("/classify-conversation", body).status_code == 200
    history = api_client.get(f"/conversation/{body['conversation_id']}").json()
    assert history["messages"][0]["message"] == body["message"]


def test_the_largest_batch(send, settings):
    length = settings.MAX_BATCH_CHARACTERS // settings.MAX_BATCH_SIZE
    response = send("/classify-messages", {"messages": ["🙂" * length] * settings.MAX_BATCH_SIZE})
    assert response.status_code == 200
    assert len(response.json()["results"]) == settings.MAX_BATCH_SIZE
