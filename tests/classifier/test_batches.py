"""Full batches leave room for others: few at once, in turns, each for a bounded time."""

import functools
import threading
import time

import pytest

from beez.api.errors import Busy
from classifier import batches, live, parallel

SENTENCE = "any discount code?"


@pytest.fixture
def slow_batches(keyword_model, settings, monkeypatch):
    """Each message of a batch takes 20 ms, and two are worked on at a time; two batches may be
    in work."""
    settings.BATCHES_AT_ONCE = 2
    monkeypatch.setattr(parallel, "threads", lambda: 2)
    monkeypatch.setattr(parallel, "_pool", functools.cache(parallel._pool.__wrapped__))
    monkeypatch.setattr(batches, "_gate", functools.cache(batches.Gate))
    real = parallel.answer

    def slowly(model, text):
        time.sleep(0.02)
        return real(model, text)

    monkeypatch.setattr(parallel, "answer", slowly)
    return live.current()


@pytest.fixture
def at_once():
    """Runs each of some calls in a thread of its own; gives a list of what came of them."""
    threads = []

    def run(*calls):
        found = []

        def one(call):
            try:
                found.append(call())
            except Busy as error:
                found.append(error)

        for call in calls:
            threads.append(threading.Thread(target=one, args=(call,), daemon=True))
            threads[-1].start()
        return found, threads

    yield run
    for thread in threads:
        thread.join(30)


def until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_batch_is_answered_as_each_message_by_itself(keyword_model):
    texts = [f"{SENTENCE} {number}" for number in range(11)] + ["I buy"]
    found = batches.answers(live.current(), texts)
    assert found == [parallel.answer(live.current(), text) for text in texts]


def test_eight_full_batches_at_once_leave_room_for_a_single_message(
    slow_batches, at_once, api_client
):
    full = [SENTENCE] * 100  # a second each and more
    found, _ = at_once(*[lambda: batches.answers(slow_batches, full)] * 8)
    until(lambda: len(found) == 6)
    assert all(isinstance(error, Busy) for error in found)  # threads that are free again
    started = time.monotonic()
    answer = api_client.post("/classify-message", {"message": SENTENCE}, format="json")
    assert answer.status_code == 200
    assert time.monotonic() - started < 2
    until(lambda: len(found) == 8)
    assert [len(each) for each in found[6:]] == [100, 100]


def test_a_small_batch_does_not_wait_for_all_of_a_large_one(slow_batches, at_once):
    large, _ = at_once(lambda: batches.answers(slow_batches, [SENTENCE] * 100))
    time.sleep(0.1)
    assert len(batches.answers(slow_batches, [SENTENCE] * 2)) == 2
    assert not large


def test_a_batch_that_takes_too_long_is_given_up(slow_batches, settings, api_client):
    settings.BATCH_SECONDS = 0.1
    answer = api_client.post("/classify-messages", {"messages": [SENTENCE] * 100}, format="json")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "busy"
    assert "of 100 messages" in answer.json()["error"]["message"]
    assert int(answer["Retry-After"]) > 0


def test_a_batch_too_many_is_told_to_come_again(slow_batches, api_client):
    gate = batches._gate(2)
    gate._room = 0
    answer = api_client.post("/classify-messages", {"messages": [SENTENCE]}, format="json")
    gate._room = 2
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
    assert (
        api_client.post("/classify-messages", {"messages": ["a"]}, format="json").status_code == 200
    )
