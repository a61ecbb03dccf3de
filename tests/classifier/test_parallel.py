"""Many messages are answered on all cores: in order, few at a time, and no longer than asked."""

import os
import threading
import time

import pytest

from classifier import live, parallel
from classifier.serializers import answer

SENTENCE = "any discount code?"


@pytest.fixture
def begun(keyword_model, monkeypatch):
    """The messages whose answer was begun, in that order."""
    found = []

    def noted(model, text):
        found.append(text)
        time.sleep(0.001)
        if text == "bad":
            raise ValueError(text)
        return answer(model, text)

    monkeypatch.setattr(parallel, "answer", noted)
    return found


def test_answers_come_in_the_order_of_the_messages_whatever_their_lengths(begun):
    texts = [f"{SENTENCE} {'I buy ' * (number % 7)}{number}" for number in range(100)]
    found = list(parallel.answers(live.current(), texts))
    assert found == [answer(live.current(), text) for text in texts]
    assert sorted(begun) == sorted(texts)


def test_no_more_is_begun_than_is_soon_asked_for_and_nothing_after_closing(begun):
    several = 2 * parallel.TOGETHER * parallel.threads()
    found = parallel.answers(live.current(), [SENTENCE] * 10_000)
    next(found)
    time.sleep(0.1)
    assert len(begun) <= several
    found.close()
    time.sleep(0.1)
    after = len(begun)
    time.sleep(0.1)
    assert len(begun) == after <= several


def test_what_a_message_raises_is_raised_in_its_place(begun):
    found = parallel.answers(live.current(), [SENTENCE, "bad", *[SENTENCE] * 1_000])
    assert next(found)["model_version"] == "keywords-1"
    with pytest.raises(ValueError, match="bad"):
        next(found)
    assert len(begun) < 1_000


def test_all_who_ask_share_as_many_threads_as_there_are_cores(keyword_model):
    several = [parallel.answers(live.current(), [SENTENCE] * 200) for _ in range(5)]
    for found in several:
        next(found)
    named = [one for one in threading.enumerate() if one.name.startswith("messages")]
    assert 1 <= len(named) <= parallel.threads()
    for found in several:
        assert len(list(found)) == 199


def test_a_forked_process_has_a_pool_of_its_own(keyword_model):
    list(parallel.answers(live.current(), [SENTENCE]))
    child = os.fork()
    if not child:
        try:
            parallel._pool().submit(lambda: None).result(10)
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
