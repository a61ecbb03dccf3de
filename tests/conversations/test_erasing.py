"""DELETE /conversation/{id} answers as the original did and leaves nothing behind."""

from urllib.parse import quote

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from conversations import erasure, receipts, reviewing
from conversations.models import Conversation, Message, PredictedTag, Receipt, Review, TagSwitch
from tests.conversations.posting import add_message


def test_everything_of_the_conversation_goes_and_nothing_else(worked_example, api_client):
    reviewing.record(message=worked_example[0], tags=[], actor="staff")
    add_message(conversation_id="other", text="I'm new")
    response = api_client.delete("/conversation/shoes")
    assert response.status_code == 200
    assert _outcome(response) == {"message": "Conversation shoes cleared", "erased": True}
    assert Conversation.objects.get().conversation_id == "other"
    assert (Message.objects.count(), PredictedTag.objects.count()) == (1, 1)
    assert not TagSwitch.objects.exists()
    assert not Review.objects.exists()


def test_an_unknown_one_is_not_found_with_200(api_client):
    response = api_client.delete("/conversation/shoes")
    assert response.status_code == 200
    assert response.json() == {
        "message": "Conversation shoes not found",
        "erased": False,
        "receipt": None,
    }


def test_the_next_message_begins_a_new_conversation(worked_example, api_client):
    api_client.delete("/conversation/shoes")
    assert add_message(conversation_id="shoes", text="thanks").position == 1
    assert Conversation.objects.get().tag is None


@pytest.mark.parametrize("conversation_id", ["a b", "客户/1", "x?y#z", "%", "a\nb"])
def test_any_id_can_be_cleared(keyword_model, api_client, conversation_id):
    add_message(conversation_id=conversation_id, text="hi")
    response = api_client.delete(f"/conversation/{quote(conversation_id)}")
    assert _outcome(response) == {
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


def test_the_receipt_counts_what_was_erased(worked_example, api_client):
    reviewing.record(message=worked_example[0], tags=[], actor="staff")
    receipt = api_client.delete("/conversation/shoes").json()["receipt"]
    assert receipt["erased"] == {
        "conversations": 1, "messages": 4, "predictions": 6, "switches": 2, "reviews": 1
    }  # fmt: skip
    assert (receipt["kind"], receipt["by"]) == ("conversation", "tests")
    assert receipt["finished_at"]
    assert receipt["model_versions"] == receipt["data_sets"] == []
    assert str(Receipt.objects.get().number) == receipt["number"]


def test_every_kind_of_row_that_hangs_on_a_conversation_has_a_name_in_the_receipt():
    hanging = {
        related.related_model.__name__
        for model in (Conversation, Message)
        for related in model._meta.related_objects
    }
    assert {*hanging, "Conversation"} == set(receipts.KINDS)


def test_no_table_knows_the_text_or_the_id_any_more(worked_example, api_client, admin_client):
    add_message(conversation_id="c-4711", text="a zebra in pyjamas", customer_id="k-0815")
    message = Message.objects.get(text__contains="zebra")
    reviewing.record(message=message, tags=[], actor="staff", note="zebra")
    LogEntry.objects.create(
        user=User.objects.get(),
        content_type=ContentType.objects.get_for_model(Conversation),
        object_id=message.conversation_id,
        object_repr="c-4711",
        action_flag=2,
    )
    assert _tables_with("zebra") and _tables_with("c-4711") and _tables_with("k-0815")
    api_client.delete("/conversation/c-4711")
    assert not _tables_with("zebra")
    assert not _tables_with("c-4711")
    assert not _tables_with("k-0815")


def test_staff_erase_with_a_receipt_too(worked_example, admin_client):
    pk = Conversation.objects.get().pk
    page = f"/admin/conversations/conversation/{pk}/delete/"
    answer = admin_client.post(page, {"post": "yes"}, follow=True)
    receipt = Receipt.objects.get()
    assert (receipt.actor, receipt.erased["messages"]) == ("admin", 4)
    assert f"/admin/conversations/receipt/{receipt.pk}/change/" in answer.text
    assert not LogEntry.objects.exists()  # its entry would keep the id


def test_staff_find_a_receipt_by_the_id_that_it_does_not_hold(worked_example, admin_client):
    add_message(conversation_id="other", text="hi")
    for conversation_id in ("shoes", "other"):
        erasure.erase(conversation_id=conversation_id, actor="shop")
    shoes, other = Receipt.objects.order_by("pk")
    found = admin_client.get("/admin/conversations/receipt/", {"q": "shoes"}).text
    assert str(shoes.number)[:8] in found
    assert str(other.number)[:8] not in found
    page = f"/admin/conversations/receipt/{shoes.pk}/"
    assert "shoes" not in admin_client.get(f"{page}change/").text
    told = admin_client.get(f"{page}receipt.json")
    assert told.json()["erased"]["messages"] == 4
    assert told["Content-Disposition"].startswith("attachment")


def _outcome(response):
    body = response.json()
    assert body.pop("receipt")["finished_at"]
    return body


def _tables_with(text):
    """Every table of the database that has `text` somewhere in a row."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        found = []
        for name in names:
            query = f'SELECT count(*) FROM "{name}" AS t WHERE t::text LIKE %s'
            cursor.execute(query, [f"%{text}%"])
            found += [name] if cursor.fetchone()[0] else []
    return found
