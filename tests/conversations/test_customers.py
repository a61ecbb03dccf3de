"""A customer's conversations: whose they are, what is stored about a customer, erasing them all."""

import threading

import pytest
from django.db import connection

from conversations import erasure, reviewing
from conversations.models import Conversation, Message, Receipt, Review
from conversations.tasks import go_on_erasing
from tests.conversations.posting import add_message


def post(client, conversation_id, message="any discount?", **fields):
    body = {"conversation_id": conversation_id, "message": message} | fields
    return client.post("/classify-conversation", body, format="json")


@pytest.fixture
def two_customers(keyword_model):
    for number in range(3):
        for text in ("Hi, I'm new here", "any discount?"):
            add_message(conversation_id=f"a-{number}", text=text, customer_id="anna")
    add_message(conversation_id="b-0", text="just looking", customer_id="bert")


def test_the_first_customer_of_a_conversation_stays(keyword_model, api_client):
    assert post(api_client, "c").status_code == 200
    assert post(api_client, "c", customer_id="anna").status_code == 200  # has logged in
    assert post(api_client, "c").status_code == 200
    refused = post(api_client, "c", customer_id="bert")
    assert refused.status_code == 409
    assert "another customer_id" in refused.json()["error"]["message"]
    assert Conversation.objects.get().customer_id == "anna"
    assert Message.objects.count() == 3


@pytest.mark.parametrize("customer_id", ["", " ", "x" * 256, "a/", "..", 17, "a\0b"])
def test_an_id_that_no_path_can_carry_is_refused(keyword_model, api_client, customer_id):
    refused = post(api_client, "c", customer_id=customer_id)
    assert refused.status_code == 400
    assert "customer_id" in refused.json()["error"]["fields"]
    assert not Conversation.objects.exists()


def test_whose_it_is_costs_no_statement_more(keyword_model, django_assert_num_queries):
    add_message(conversation_id="warm", text="hi")
    with django_assert_num_queries(2):
        add_message(conversation_id="c", text="hi", customer_id="anna")


def test_all_that_is_stored_is_told_in_pages(two_customers, api_client):
    message = Message.objects.filter(conversation__conversation_id="a-1").first()
    first = reviewing.record(message=message, tags=[], actor="kim", note="hm")
    reviewing.withdraw(review=first, actor="kim")
    reviewing.record(message=message, tags=["Hot-buyer"], actor="lee")
    pages, cursor = [], ""
    while cursor is not None:
        query = f"limit=4&cursor={cursor}" if cursor else "limit=4"
        page = api_client.get(f"/customer/anna?{query}").json()
        pages, cursor = [*pages, page], page["next"]
    told = [
        (one["conversation_id"], message["position"])
        for page in pages
        for one in page["conversations"]
        for message in one["messages"]
    ]
    assert told == [(f"a-{number}", position) for number in range(3) for position in (1, 2)]
    reviewed = pages[0]["conversations"][1]["messages"][0]
    assert [one["actor"] for one in reviewed["reviews"]] == ["lee", "kim"]
    assert reviewed["reviews"][1]["withdrawn_at"]
    assert pages[0]["conversations"][0]["switches"][0]["to"] == "Deal-seeker"


@pytest.mark.parametrize("query", ["cursor=x", "cursor=1.2.3", "cursor=1.99999999999", "limit=0"])
def test_a_query_that_makes_no_sense_is_refused(two_customers, api_client, query):
    assert api_client.get(f"/customer/anna?{query}").status_code == 400


def test_a_customer_that_nobody_knows(two_customers, api_client):
    assert api_client.get("/customer/nobody").status_code == 404
    assert api_client.get("/customer/a%00b").status_code == 404
    erased = api_client.delete("/customer/nobody")
    assert (erased.status_code, erased.json()["erased"]) == (200, False)
    assert not Receipt.objects.exists()


def test_erasing_takes_all_conversations_of_the_one_customer_with_one_receipt(
    two_customers, api_client
):
    answer = api_client.delete("/customer/anna")
    assert answer.status_code == 200
    assert answer.json()["message"] == "Customer anna cleared"
    assert answer.json()["receipt"]["erased"]["messages"] == 6
    assert Conversation.objects.get().customer_id == "bert"
    receipt = Receipt.objects.get()
    assert (receipt.kind, receipt.subject) == ("customer", "")


def test_what_a_request_cannot_wait_for_is_finished_by_the_worker(
    two_customers, api_client, monkeypatch
):
    monkeypatch.setattr(erasure, "SLICE", 1)
    monkeypatch.setattr(erasure.erase_customer, "__kwdefaults__", {"seconds": 0.0})
    answer = api_client.delete("/customer/anna")
    assert answer.status_code == 202
    assert answer.json()["receipt"]["finished_at"] is None
    assert Conversation.objects.filter(customer_id="anna").count() == 2
    assert go_on_erasing() == 1
    assert not Conversation.objects.filter(customer_id="anna").exists()
    receipt = Receipt.objects.get()
    assert receipt.finished_at and receipt.subject == ""
    assert receipt.erased["conversations"] == 3


def test_what_was_broken_off_goes_on_with_the_same_receipt(two_customers, api_client, monkeypatch):
    monkeypatch.setattr(erasure, "SLICE", 1)
    erase, calls = erasure._erase, []

    def breaking(*arguments):
        calls.append(arguments)
        erase(*arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(erasure, "_erase", breaking)
    with pytest.raises(KeyboardInterrupt):
        erasure.erase_customer(customer_id="anna", actor="shop")
    assert Conversation.objects.filter(customer_id="anna").count() == 2  # the second came back
    answer = api_client.delete("/customer/anna").json()
    assert answer["receipt"]["erased"]["conversations"] == 3
    assert Receipt.objects.count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_who_erase_at_once_write_one_receipt(two_customers, monkeypatch):
    monkeypatch.setattr(erasure, "SLICE", 1)

    def erase():
        try:
            erasure.erase_customer(customer_id="anna", actor="shop")
        finally:
            connection.close()

    threads = [threading.Thread(target=erase) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Conversation.objects.get().customer_id == "bert"
    assert Receipt.objects.get().erased["conversations"] == 3


def test_lists_find_a_customer(two_customers, api_client, admin_client):
    found = api_client.get("/conversations?customer_id=anna").json()["conversations"]
    assert {one["conversation_id"] for one in found} == {"a-0", "a-1", "a-2"}
    assert {one["customer_id"] for one in found} == {"anna"}
    page = admin_client.get("/admin/conversations/conversation/", {"q": "ann"}).text
    assert "a-2" in page and "b-0" not in page


def test_a_review_of_an_erased_customer_is_gone(two_customers):
    reviewing.record(message=Message.objects.first(), tags=[], actor="kim")
    erasure.erase_customer(customer_id="anna", actor="shop")
    assert not Review.objects.exists()
