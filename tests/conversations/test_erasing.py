"""DELETE /conversation/{id} answers as the original did and leaves nothing behind."""

from urllib.parse import quote

import pytest

from conversations import reviewing
from conversations.models import Conversation, Message, PredictedTag, Review, TagSwitch
from tests.conversations.posting import add_message


def test_everything_of_the_conversation_goes_and_nothing_else(worked_example, api_client):
    reviewing.record(message=worked_example[0], tags=[], actor="staff")
    add_message(conversation_id="other", text="I'm new")
    response = api_client.delete("/conversation/shoes")
    assert response.status_code == 200
    assert response.json() == {"message": "Conversation shoes cleared", "erased": True}
    assert Conversation.objects.get().conversation_id == "other"
    assert (Message.objects.count(), PredictedTag.objects.count()) == (1, 1)
    assert not TagSwitch.objects.exists()
    assert not Review.objects.exists()


def test_an_unknown_one_is_not_found_with_200(api_client):
    response = api_client.delete("/conversation/shoes")
    assert response.status_code == 200
    assert response.json() == {"message": "Conversation shoes not found", "erased": False}


def test_the_next_message_begins_a_new_conversation(worked_example, api_client):
    api_client.delete("/conversation/shoes")
    assert add_message(conversation_id="shoes", text="thanks").position == 1
    assert Conversation.objects.get().tag is None


@pytest.mark.parametrize("conversation_id", ["a b", "客户/1", "x?y#z", "%", "a\nb"])
def test_any_id_can_be_cleared(keyword_model, api_client, conversation_id):
    add_message(conversation_id=conversation_id, text="hi")
    response = api_client.delete(f"/conversation/{quote(conversation_id)}")
    assert response.json() == {
        "message": f"Conversation {conversation_id} cleared",
        "erased": True,
    }


@pytest.mark.parametrize("conversation_id", ["%00", "a%00b", "x" * 300, "%ff"])
def test_an_id_that_none_can_have_is_not_found(api_client, conversation_id):
    response = api_client.delete(f"/conversation/{conversation_id}")
    assert response.status_code == 200
    assert response.json()["message"].endswith("not found")
    assert response.json()["erased"] is False


@pytest.mark.parametrize("path", ["shoes/", "shoes//", "./shoes", "shoes/..", "shoes%2F"])
def test_a_path_that_is_no_id_is_404_and_does_not_look_like_an_erasure(
    worked_example, api_client, path
):
    response = api_client.delete(f"/conversation/{path}")
    assert response.status_code == 404
    assert "'/'" in response.json()["error"]["message"]
    assert Message.objects.count() == 4


def test_a_conversation_of_before_whose_id_ends_with_a_slash_is_read_and_erased(
    keyword_model, api_client
):
    add_message(conversation_id="shoes", text="hi")
    Conversation.objects.update(conversation_id="shoes/")
    assert api_client.get("/conversation/shoes/").status_code == 200
    assert api_client.delete("/conversation/shoes/").json()["erased"] is True
    assert not Conversation.objects.exists()
