"""Many clients at once: real threads with connections of their own, real locks."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from conversations import reviewing
from conversations.erasure import erase
from conversations.models import Conversation, Message, PredictedTag, TagSwitch
from tests.conversations.conftest import HOT, NEW, WORKED_EXAMPLE, assert_consistent
from tests.conversations.posting import add_message

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

CLIENTS = 32


def at_once(action, count=CLIENTS):
    """`action(0)` … `action(count - 1)`, each in a thread of its own, started together."""
    barrier = Barrier(count)

    def run(number):
        try:
            barrier.wait(timeout=30)
            return action(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def post_many(number):
    text = [*WORKED_EXAMPLE, "thanks", "which sizes?", "hello"][number % 7]
    return add_message(conversation_id="busy", text=f"{text} ({number})").position


def test_32_clients_leave_gapless_positions_and_a_history_that_replays(keyword_model):
    positions = at_once(post_many)
    assert sorted(positions) == list(range(1, CLIENTS + 1))
    conversation = Conversation.objects.get()
    assert conversation.message_count == Message.objects.count() == CLIENTS
    moments = list(conversation.messages.values_list("created_at", flat=True))
    assert moments == sorted(moments)
    assert_consistent("busy")


def test_equal_message_ids_at_once_store_one_message(keyword_model):
    messages = at_once(
        lambda _: add_message(conversation_id="c", text="I'm new", message_id="m1"), 8
    )
    assert {message.pk for message in messages} == {Message.objects.get().pk}
    assert PredictedTag.objects.count() == 1


def test_corrections_and_messages_at_once_leave_a_history_that_replays(keyword_model):
    first = add_message(conversation_id="busy", text="I'm new")

    def act(number):
        if number % 3:
            return post_many(number)
        return reviewing.record(message=first, tags=[HOT, NEW][number % 2 :], actor="staff")

    at_once(act, 16)
    assert first.reviews.count() == 6
    assert_consistent("busy")


def test_erasing_while_messages_come_fails_no_one_and_leaves_no_orphan(keyword_model):
    def act(number):
        return post_many(number) if number % 2 else erase(conversation_id="busy", actor="staff")

    at_once(act, 16)
    for conversation in Conversation.objects.all():
        assert_consistent(conversation.conversation_id)
    erase(conversation_id="busy", actor="staff")
    for model in (Conversation, Message, PredictedTag, TagSwitch):
        assert not model.objects.exists()
