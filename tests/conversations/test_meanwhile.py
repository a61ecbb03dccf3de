"""What happens to a conversation while a message for it is being classified counts."""

import pytest

from beez.api.errors import Conflict
from classifier import live
from conversations import reviewing, storing
from conversations.erasure import erase
from conversations.models import Conversation, Message
from tests.conversations.conftest import DEAL, HOT, NEW, assert_consistent, switches, tags_after
from tests.conversations.posting import add_message


@pytest.fixture
def meanwhile(keyword_model, monkeypatch):
    """Sets what is done, once, while the next message is being classified."""
    engine = live.current().engine
    classify = engine.classify

    def set_action(action):
        def classify_late(text):
            monkeypatch.setattr(engine, "classify", classify)
            action()
            return classify(text)

        monkeypatch.setattr(engine, "classify", classify_late)

    return set_action


def test_a_review_counts(meanwhile):
    first = add_message(conversation_id="c", text="I'm new")
    meanwhile(lambda: reviewing.record(message=first, tags=[HOT], actor="anna"))
    add_message(conversation_id="c", text="thanks")
    assert tags_after("c") == [HOT, HOT]
    assert_consistent("c")


def test_another_message_comes_first(meanwhile):
    add_message(conversation_id="c", text="I'm new")
    meanwhile(lambda: add_message(conversation_id="c", text="any discount?"))
    assert add_message(conversation_id="c", text="checkout").position == 3
    assert tags_after("c") == [NEW, DEAL, HOT]
    assert switches("c") == [(2, NEW, DEAL), (3, DEAL, HOT)]
    assert_consistent("c")


def test_another_may_begin_the_conversation(meanwhile):
    meanwhile(lambda: add_message(conversation_id="c", text="I'm new"))
    assert add_message(conversation_id="c", text="checkout").position == 2
    assert switches("c") == [(2, NEW, HOT)]


def test_after_an_erasure_the_conversation_begins_anew(meanwhile):
    add_message(conversation_id="c", text="I'm new")
    meanwhile(lambda: erase(conversation_id="c", actor="anna"))
    assert add_message(conversation_id="c", text="thanks").position == 1
    assert tags_after("c") == [None]


def test_another_customer_is_refused(meanwhile):
    add_message(conversation_id="c", text="I'm new")
    meanwhile(lambda: add_message(conversation_id="c", text="thanks", customer_id="kim"))
    with pytest.raises(Conflict):
        add_message(conversation_id="c", text="checkout", customer_id="lee")
    assert Message.objects.count() == 2
    assert Conversation.objects.get().customer_id == "kim"


def test_a_repeat_of_what_is_just_being_erased_begins_anew(keyword_model, monkeypatch):
    add_message(conversation_id="c", text="I'm new", message_id="m1")
    looking = storing.looking

    def look_and_erase(*arguments, **options):
        seen = looking(*arguments, **options)()
        monkeypatch.setattr(storing, "looking", looking)
        erase(conversation_id="c", actor="anna")
        return lambda: seen

    monkeypatch.setattr(storing, "looking", look_and_erase)
    assert add_message(conversation_id="c", text="thanks", message_id="m1").position == 1
    assert tags_after("c") == [None]
