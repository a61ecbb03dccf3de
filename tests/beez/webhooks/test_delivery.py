"""Deliveries on a real receiver: signed, in order, tried again, given up, replayed."""

import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from beez.webhooks import claiming, delivery, endpoints, outbox, retries, settling, tidying
from beez.webhooks.models import Kind, WebhookAttempt, WebhookDelivery, WebhookEvent
from tests.beez.webhooks.conftest import deliver, endpoint_at, make_due, states, switch


def due_in(conversation):
    """Seconds until each waiting delivery is tried again."""
    waiting = WebhookDelivery.objects.filter(subject=conversation, state="waiting").order_by("pk")
    return [(row.due_at - timezone.now()).total_seconds() for row in waiting]


def test_the_library_of_the_specification_verifies_what_arrives(endpoint, receiver):
    switch("shoes", 3)
    deliver()
    (got,) = receiver.got
    assert Webhook(endpoint.secret).verify(got.body, got.headers) == {
        "type": "conversation.tag_switched",
        "timestamp": WebhookEvent.objects.get().occurred_at.isoformat(),
        "data": {"conversation_id": "shoes", "position": 3},
    }
    assert got.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(got.body.replace(b"shoes", b"boots"), got.headers)


def test_a_rotated_secret_and_the_one_before_it_both_verify_for_a_day(endpoint, receiver):
    old, new = endpoint.secret, endpoints.rotate(endpoint)
    switch()
    deliver()
    for secret in (old, new):
        Webhook(secret).verify(receiver.got[0].body, receiver.got[0].headers)
    type(endpoint).objects.update(old_secret_until=timezone.now())
    switch()
    deliver()
    Webhook(new).verify(receiver.got[1].body, receiver.got[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(receiver.got[1].body, receiver.got[1].headers)


def test_the_log_says_status_duration_and_attempt(endpoint, receiver):
    receiver.answer = lambda got: 200 if len(receiver.got) > 1 else 500
    switch()
    deliver()
    make_due()
    deliver()
    log = WebhookAttempt.objects.order_by("pk")
    assert list(log.values_list("number", "status", "outcome")) == [
        (1, 500, "Answered 500."),
        (2, 200, "Delivered."),
    ]
    assert all(0 < seconds < 5 for seconds in log.values_list("seconds", flat=True))


def test_every_attempt_has_the_same_id_and_a_new_timestamp(endpoint, receiver):
    receiver.answer = lambda got: 503
    switch()
    deliver()
    time.sleep(1.1)
    make_due()
    deliver()
    first, second = (got.headers for got in receiver.got)
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-timestamp"] < second["webhook-timestamp"]


def test_a_failing_delivery_holds_back_its_conversation_and_no_other(endpoint, receiver):
    receiver.answer = lambda got: 500 if got.data["conversation_id"] == "bad" else 200
    for position in (1, 2, 3):
        switch("bad", position)
        switch("good", position)
    deliver()
    assert receiver.positions("bad") == [1]
    assert receiver.positions("good") == [1, 2, 3]
    receiver.answer = lambda got: 200
    make_due()
    deliver()
    assert receiver.positions("bad") == [1, 1, 2, 3]


def test_what_happens_while_the_first_is_under_way_comes_after_it(endpoint, receiver):
    for conversation in range(8):
        for position in range(1, 6):
            switch(f"c{conversation}", position)
    receiver.answer = lambda got: time.sleep(0.02) or 200
    deliver()
    for conversation in range(8):
        assert receiver.positions(f"c{conversation}") == [1, 2, 3, 4, 5]


def test_pauses_grow_and_are_spread_up_to_an_hour():
    for attempt, planned in ((1, 5), (2, 20), (3, 80), (6, 3600), (50, 3600)):
        pauses = {retries.pause(attempt).total_seconds() for _ in range(50)}
        assert len(pauses) > 10
        assert planned * 0.8 <= min(pauses) <= max(pauses) <= planned * 1.2


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("120", 119, 120),
        ("999999999999", 21_590, 21_600),
        ("soon", 4, 6),
        ("-5", 4, 6),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 4, 6),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 21_590, 21_600),
    ],
)
def test_retry_after_is_honoured_within_bounds(endpoint, receiver, header, low, high):
    receiver.answer = lambda got: (503, {"Retry-After": header})
    switch()
    deliver()
    (seconds,) = due_in("c")
    assert low - 1 <= seconds <= high


def test_gone_switches_the_endpoint_off_and_keeps_what_waited(endpoint, receiver):
    receiver.answer = lambda got: 410
    switch("a", 1)
    switch("a", 2)
    deliver()
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.disabled_reason) == (False, "It answered 410 Gone.")
    assert states() == ["dead", "dead"]
    assert switch("a", 3) == 0
    with pytest.raises(endpoints.EndpointError):
        endpoints.replay(endpoint)
    endpoints.change(endpoint, enabled=True)
    receiver.answer = lambda got: 200
    assert endpoints.replay(endpoint) == 2
    deliver()
    assert receiver.positions("a") == [1, 1, 2]


def test_after_a_day_it_is_a_dead_letter_that_one_and_all_can_be_replayed(endpoint, receiver):
    receiver.answer = lambda got: 500
    for conversation in "abc":
        switch(conversation)
    yesterday = timezone.now() - timedelta(hours=23, minutes=59, seconds=59)
    WebhookDelivery.objects.update(queued_at=yesterday)
    deliver()
    assert states() == ["dead"] * 3
    first = WebhookDelivery.objects.order_by("pk").first()
    receiver.answer = lambda got: 200
    assert endpoints.replay(endpoint, [first.pk]) == 1
    deliver()
    assert states() == ["delivered", "dead", "dead"]
    assert endpoints.replay(endpoint) == 2
    deliver()
    assert states() == ["delivered"] * 3


def test_what_waited_behind_others_for_more_than_a_day_is_given_up_too(endpoint):
    switch()
    switch("new")
    long_ago = timezone.now() - timedelta(hours=26)
    WebhookDelivery.objects.filter(subject="c").update(queued_at=long_ago)
    tidying.tidy()
    assert states() == ["dead", "waiting"]


def test_the_day_of_an_event_is_its_own_though_those_before_it_failed(endpoint, receiver):
    receiver.answer = lambda got: 500
    switch("c", 1)
    switch("c", 2)
    first = WebhookDelivery.objects.order_by("pk").first()
    WebhookDelivery.objects.filter(pk=first.pk).update(
        queued_at=timezone.now() - timedelta(hours=24)
    )
    deliver()
    assert states() == ["dead", "waiting"]
    assert receiver.positions("c") == [1, 2]


def test_a_worker_that_was_killed_holds_an_event_no_longer_than_its_lease(endpoint, receiver):
    switch("c", 1)
    switch("c", 2)
    (taken,) = claiming.claim(endpoint, most=4)  # and then it is killed
    assert deliver() == 0
    WebhookDelivery.objects.filter(pk=taken.pk).update(leased_until=timezone.now())
    deliver()
    assert receiver.positions("c") == [1, 2]
    assert states() == ["delivered", "delivered"]


def test_a_worker_that_comes_late_changes_nothing_but_a_success(endpoint, receiver):
    from beez.webhooks.sending import Answer

    switch()
    (taken,) = claiming.claim(endpoint, most=1)
    WebhookDelivery.objects.update(leased_until=timezone.now())
    (again,) = claiming.claim(endpoint, most=1)
    settling.settle(taken, Answer(status=500, outcome="late", seconds=1))
    assert not WebhookAttempt.objects.exists()
    settling.settle(again, Answer(status=200, outcome="Delivered.", seconds=1))
    assert states() == ["delivered"]
    settling.settle(taken, Answer(status=500, outcome="late", seconds=1))
    assert states() == ["delivered"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_workers_never_take_the_same_event_nor_two_of_a_conversation(receiver):
    from django.db import connection

    endpoint = endpoint_at(receiver.url)
    for conversation in range(10):
        for position in (1, 2):
            switch(f"c{conversation}", position)
    taken, barrier = [], threading.Barrier(4)

    def work():
        barrier.wait()
        for _ in range(4):
            taken.extend(claiming.claim(endpoint, most=2))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.subject for one in taken) == sorted(f"c{number}" for number in range(10))


def test_an_endpoint_that_does_not_answer_keeps_the_others_from_nothing(
    endpoint, receiver, other_receiver
):
    endpoint_at(other_receiver.url)
    all_of_one = threading.Event()
    in_time, under_way = [], []

    def wait(got):
        in_time.append(all_of_one.wait(5))
        return 200

    def answer(got):
        if len(receiver.got) == 30:
            under_way.append(len(other_receiver.got))
            all_of_one.set()
        return 200

    other_receiver.answer, receiver.answer = wait, answer
    for number in range(30):
        switch(f"c{number}")
    deliver()
    assert in_time == [True] * 30  # no answer of the other one was needed
    assert under_way[0] <= delivery.EACH
    assert states() == ["delivered"] * 60


def test_an_endpoint_that_is_down_is_left_alone_and_caught_up_when_it_is_back(endpoint, receiver):
    receiver.answer = lambda got: 500
    for number in range(40):
        switch(f"c{number}")
    deliver()
    endpoint.refresh_from_db()
    assert endpoint.resting_until > timezone.now()
    assert len(receiver.got) < 15
    assert claiming.awake() == []
    receiver.answer = lambda got: 200
    type(endpoint).objects.update(resting_until=None)
    deliver()
    assert states() == ["delivered"] * 40
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.resting_until) == (0, None)


def test_one_event_that_always_fails_puts_no_endpoint_to_rest(endpoint, receiver):
    receiver.answer = lambda got: 500
    switch()
    for _ in range(8):
        deliver()
        make_due()
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.resting_until) == (1, None)


def test_events_about_no_conversation_are_told_in_order(endpoint, receiver):
    for version in ("one", "two"):
        outbox.record(kind=Kind.ACTIVATED, data={"model_version": version})
    deliver()
    assert [got.data["model_version"] for got in receiver.got] == ["one", "two"]


def test_a_test_event_goes_to_its_endpoint_alone(endpoint, receiver, other_receiver):
    endpoint_at(other_receiver.url)
    endpoints.send_test(endpoint)
    deliver()
    assert receiver.got[0].event["type"] == "webhook.test"
    assert other_receiver.got == []


def test_what_is_old_goes_with_its_log_and_its_events(endpoint, receiver, settings):
    switch("old")
    switch("new")
    deliver()
    long_ago = timezone.now() - timedelta(days=settings.WEBHOOKS_KEEP_DAYS, minutes=1)
    WebhookDelivery.objects.filter(subject="old").update(ended_at=long_ago)
    WebhookEvent.objects.update(occurred_at=long_ago)
    tidying.tidy()
    assert [event.subject for event in WebhookEvent.objects.all()] == ["new"]
    assert WebhookAttempt.objects.count() == 1


def test_an_endpoint_that_is_removed_takes_its_deliveries_along(endpoint, receiver):
    switch()
    deliver()
    switch()
    endpoints.remove(endpoint)
    assert deliver() == 0
    assert not WebhookDelivery.objects.exists()
    WebhookEvent.objects.update(occurred_at=timezone.now() - timedelta(hours=2))
    tidying.tidy()
    assert not WebhookEvent.objects.exists()


def test_a_fault_of_ours_counts_as_a_failed_attempt(endpoint, receiver, monkeypatch):
    monkeypatch.setattr("beez.webhooks.sending.post", lambda **_: 1 / 0)
    switch()
    deliver()
    assert WebhookAttempt.objects.get().outcome == "It could not be sent; see the log."
    assert states() == ["waiting"]
