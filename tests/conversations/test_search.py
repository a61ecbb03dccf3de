"""Conversations are found by words of their messages and by their ids, through indexes."""

import pytest
from django.db import connection

from conversations import search
from conversations.models import SEARCHED, Conversation
from tests.conversations.posting import add_message


@pytest.fixture
def messages(keyword_model):
    texts = {
        "order-17": ["Where are my red shoes?"],
        "order-18": ["Red socks", "and blue shoes"],
        "mail": ["It's from o'neill@shop.example, e-mail me: C:\\temp & (50%) | !off <-> 'no'"],
        "umlauts": ["Die Größe fällt klein aus"],
        "100%_sure": ["hello"],
    }
    for conversation_id, said in texts.items():
        for text in said:
            add_message(conversation_id=conversation_id, text=text)


@pytest.fixture
def found(messages):
    def get(term):
        rows = Conversation.objects.filter(search.matching(term)).order_by("conversation_id")
        return list(rows.values_list("conversation_id", flat=True))

    return get


@pytest.mark.parametrize(
    ("term", "conversations"),
    [
        ("shoes", ["order-17", "order-18"]),
        ("SHOES", ["order-17", "order-18"]),
        ("red shoes", ["order-17"]),  # in one message
        ("shoes  red", ["order-17"]),
        ("red sho", ["order-17"]),  # the last one may go on
        ("sho red", []),  # the others are whole
        ("hoes", []),
        ("größ", ["umlauts"]),
        ("o'neill@shop.example", ["mail"]),
        ("e-mail", ["mail"]),
        ("C:\\temp", ["mail"]),
        ("it's", ["mail"]),
        ("50%", ["mail"]),
        ("nowhere", []),
    ],
)
def test_words(found, term, conversations):
    assert found(term) == conversations


@pytest.mark.parametrize(
    ("term", "conversations"),
    [
        ("order-17", ["order-17"]),
        ("order-", ["order-17", "order-18"]),
        (" order-18 ", ["order-18"]),
        ("100%_", ["100%_sure"]),  # no wildcards
        ("1__%", []),
        ("mail", ["mail"]),
    ],
)
def test_ids_and_how_they_begin(found, term, conversations):
    assert found(term) == conversations


def test_an_id_does_not_hide_the_messages_with_the_word(found):
    add_message(conversation_id="red", text="hello")
    assert found("red") == ["order-17", "order-18", "red"]


@pytest.mark.parametrize(
    "term",
    ["'", "\\", "!", "&", "a & | b", "<->", ":*", "a:b:*", "(", "%", "'a", "\\'", "\0", "x\0"],
)
def test_nothing_that_is_typed_is_an_error(found, term):
    found(term)


def test_nothing_typed_finds_all(found):
    assert len(found(" ")) == 5


def test_words_are_found_in_the_first_part_of_a_long_message(found):
    filler = "x " * (SEARCHED // 2 - 20)
    add_message(conversation_id="long", text=f"{filler} early {'y ' * 200} late")
    assert found("early") == ["long"]
    assert found("late") == []


def test_a_message_of_very_many_different_words_is_stored(keyword_model, settings):
    """Postgres refuses to index more than a megabyte of words."""
    settings.MAX_MESSAGE_LENGTH = 1_000_000
    text = " ".join(f"{number:x}-{number:o}" for number in range(80_000))
    assert add_message(conversation_id="huge", text=text).pk


@pytest.mark.parametrize(
    ("term", "index"),
    [("shoes", "message_words"), ("red sh", "message_words"), ("order-1", "conversation_id")],
)
def test_each_way_to_search_has_its_index(messages, term, index):
    with connection.cursor() as cursor:
        for way in ("seqscan", "indexscan", "nestloop"):  # few rows: any other way is quicker
            cursor.execute(f"SET LOCAL enable_{way} = off")
    ids = Conversation.objects.filter(conversation_id__startswith=term)
    plans = ids.explain() + Conversation.objects.filter(search.matching(term)).explain()
    assert index in plans
