"""What other systems are told of conversations, and that nothing is written where nobody asks."""

import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from beez.webhooks import endpoints, payload
from beez.webhooks.models import Kind, WebhookAttempt, WebhookDelivery, WebhookEvent
from classifier import live
from conversations import reviewing
from conversations.erasure import erase
from tests.conversations.conftest import DEAL, HOT, NEW, WISH, WORKED_EXAMPLE
from tests.conversations.posting import add_message

TEXT = "I will buy immediately if you can give me 15% off"


@pytest.fixture(autouse=True)
def kicks(monkeypatch):
    """How often a worker was told that something waits."""
    found = []
    monkeypatch.setattr("beez.webhooks.kicking.kick", lambda: found.append(1))
    return found


@pytest.fixture
def endpoint(db):
    return listening()


def listening(**values):
    wanted = {"url": "https://shop.example/hook", "kinds": Kind.values}
    return endpoints.create(**(wanted | values))[0]


def converse(conversation="shoes"):
    return [add_message(conversation_id=conversation, text=text) for text in WORKED_EXAMPLE]


def told(kind=Kind.TAG_SWITCHED):
    return [event.data for event in WebhookEvent.objects.filter(kind=kind).order_by("pk")]


def test_each_switch_is_told_with_ids_tags_and_scores_and_no_text(keyword_model, endpoint):
    messages = converse()
    events = told()
    assert [(one["position"], one["from_tag"], one["to_tag"]) for one in events] == [
        (2, NEW, WISH),
        (3, WISH, DEAL),
        (4, DEAL, HOT),
    ]
    last = events[-1]
    assert last["conversation_id"] == "shoes"
    assert last["confidence"] == messages[-1].conversation_tag_confidence
    assert {one["tag"] for one in last["tags"]} == {HOT, DEAL}
    assert (last["model_version"], last["cause"]) == ("keywords-1", "message")
    assert all(text not in str(events) for text in WORKED_EXAMPLE)


def test_nothing_is_written_where_nobody_wants_it(keyword_model):
    converse("a")
    listening(enabled=False)
    converse("b")
    listening(kinds=[Kind.ACTIVATED])
    converse("c")
    listening(tags=["Window-shopper"])
    messages = converse("d")
    reviewing.record(message=messages[0], tags=[NEW], actor="anna")
    assert not WebhookEvent.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_posting_takes_no_more_statements_with_an_endpoint_than_without(keyword_model):
    add_message(conversation_id="a", text=WORKED_EXAMPLE[0])
    with CaptureQueriesContext(connection) as without:
        add_message(conversation_id="a", text=WORKED_EXAMPLE[1])
    listening()
    add_message(conversation_id="b", text=WORKED_EXAMPLE[0])
    with CaptureQueriesContext(connection) as within:
        add_message(conversation_id="b", text=WORKED_EXAMPLE[1])
    assert WebhookDelivery.objects.count() == 1
    assert len(within) == len(without)


def test_the_filter_looks_at_the_tag_before_and_the_one_after(keyword_model):
    endpoint = listening(tags=[WISH])
    everything = listening()
    converse()
    assert endpoint.deliveries.count() == 2
    assert everything.deliveries.count() == 3
    assert WebhookEvent.objects.count() == 3


def test_the_text_goes_to_who_asks_for_it_alone_and_stands_in_no_event(keyword_model):
    listening(with_text=True)
    listening()
    converse()
    rows = WebhookDelivery.objects.order_by("pk").select_related("event", "endpoint")
    for row in rows:
        position = row.event.data["position"]
        assert (WORKED_EXAMPLE[position - 1] in payload.body(row)) is row.endpoint.with_text
    with connection.cursor() as cursor:
        cursor.execute("SELECT event::text FROM beez_webhookevent AS event")
        assert TEXT not in str(cursor.fetchall())


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_event_comes_with_its_transaction_or_not_at_all(keyword_model, kicks):
    listening()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        converse()
        assert WebhookEvent.objects.count() == 3
        1 / 0  # noqa: B018
    assert not WebhookEvent.objects.exists()
    assert not kicks
    converse()
    assert len(kicks) == 3


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_posts_do_not_wait_for_an_endpoint_that_is_being_removed(keyword_model):
    endpoint = listening()
    add_message(conversation_id="a", text=WORKED_EXAMPLE[0])
    posted = threading.Event()

    def post():
        add_message(conversation_id="a", text=WORKED_EXAMPLE[1])
        posted.set()
        connection.close()

    with transaction.atomic():
        endpoint.delete()
        thread = threading.Thread(target=post)
        thread.start()
        assert posted.wait(10)
    thread.join()
    assert WebhookDelivery.objects.count() == 1  # which tidying removes


def test_a_review_is_told_and_the_switch_of_the_present_tag_by_it(worked_example, endpoint):
    review = reviewing.record(message=worked_example[3], tags=[WISH], actor="anna", note="secret")
    (event,) = told(Kind.REVIEWED)
    assert event == {
        "conversation_id": "shoes",
        "position": 4,
        "message_id": None,
        "tags": [WISH],
        "said": review.said,
        "agrees": False,
        "withdrawn": False,
        "chosen": "reading",
    }
    (switch,) = told()
    assert (switch["from_tag"], switch["to_tag"], switch["cause"]) == (HOT, WISH, "review")
    assert (switch["confidence"], switch["position"]) == (1.0, 4)
    reviewing.withdraw(review=review, actor="anna")
    assert told(Kind.REVIEWED)[-1]["withdrawn"] is True
    assert told(Kind.REVIEWED)[-1]["tags"] is None
    assert (told()[-1]["from_tag"], told()[-1]["to_tag"]) == (WISH, HOT)


def test_a_review_that_leaves_the_present_tag_tells_no_switch(worked_example, endpoint):
    reviewing.record(message=worked_example[0], tags=[], actor="anna")
    assert len(told(Kind.REVIEWED)) == 1
    assert told() == []


def test_erasing_a_conversation_leaves_no_event_of_it(keyword_model, endpoint):
    converse("shoes")
    converse("boots")
    delivery = WebhookDelivery.objects.filter(subject="shoes").first()
    WebhookAttempt.objects.create(
        delivery=delivery, number=1, at=delivery.queued_at, seconds=1, outcome="Delivered."
    )
    erase(conversation_id="shoes", actor="anna")
    assert {event.subject for event in WebhookEvent.objects.all()} == {"boots"}
    assert {one.subject for one in WebhookDelivery.objects.all()} == {"boots"}
    assert not WebhookAttempt.objects.exists()


def test_a_switch_that_another_message_made_first_is_told_once(
    keyword_model, endpoint, monkeypatch
):
    engine = live.current().engine
    classify = engine.classify

    def classify_late(text):
        monkeypatch.setattr(engine, "classify", classify)
        add_message(conversation_id="shoes", text=text)
        return classify(text)

    add_message(conversation_id="shoes", text="I'm new")
    monkeypatch.setattr(engine, "classify", classify_late)
    add_message(conversation_id="shoes", text="any discount?")
    assert [(one["position"], one["from_tag"], one["to_tag"]) for one in told()] == [(2, NEW, DEAL)]
