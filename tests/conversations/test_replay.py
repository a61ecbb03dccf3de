"""`manage.py replay` plays a file through the write path and prints how the tag evolves."""

import json

import pytest
from django.core.management import CommandError, call_command

from conversations.models import Conversation, Message
from tests.conversations.conftest import (
    DEAL,
    HOT,
    NEW,
    WISH,
    WORKED_EXAMPLE,
    assert_consistent,
    tags_after,
)


@pytest.fixture
def replay(capsys):
    def run(*arguments):
        call_command("replay", *map(str, arguments))
        return capsys.readouterr().out

    return run


@pytest.fixture
def script(tmp_path):
    """A file of these lines; what is no text is written as JSON."""

    def write(*lines):
        path = tmp_path / "script.jsonl"
        texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
        path.write_text("\n".join(texts), encoding="utf-8")
        return path

    return write


def test_shipped_demonstration_begins_with_the_worked_example(keyword_model, replay):
    replay("--reset")
    assert tags_after("replay-shoes") == [NEW, WISH, DEAL, HOT]
    texts = Message.objects.filter(conversation__conversation_id="replay-shoes")
    assert list(texts.values_list("text", flat=True)) == WORKED_EXAMPLE
    assert Conversation.objects.count() == 4


def test_table_shows_message_tags_and_where_the_conversation_went(keyword_model, replay, script):
    printed = replay(script({"conversation_id": "c", "messages": [*WORKED_EXAMPLE[:2], "ok"]}))
    rows = [re_spaced(line) for line in printed.splitlines()]
    assert rows[1:] == [
        "c",
        "# | message | its tags | conversation",
        f"1 | {WORKED_EXAMPLE[0]} | {NEW} | {NEW} 0.95",
        f"2 | {WORKED_EXAMPLE[1]} | {WISH} | {NEW} → {WISH} 0.95",
        f"3 | ok | – | {WISH} 0.95",
    ]


def re_spaced(line):
    return " | ".join(part.strip() for part in line.split("  ") if part.strip())


@pytest.mark.parametrize("options", [[], ["--reset"]])
def test_a_second_replay_prints_the_same(keyword_model, replay, options):
    assert replay(*options) == replay(*options)


def test_each_replay_makes_new_conversations_and_reset_none(keyword_model, replay, script):
    path = script({"conversation_id": "c", "messages": ["I'm new"]})
    replay(path), replay(path)
    assert Conversation.objects.count() == 2
    replay(path, "--reset"), replay(path, "--reset")
    assert Conversation.objects.count() == 3
    assert tags_after("replay-c") == [NEW]


def test_conversations_of_customers_are_not_touched(keyword_model, replay, script, worked_example):
    replay(script({"conversation_id": "shoes", "messages": ["hello"]}), "--reset")
    assert tags_after("shoes") == [NEW, WISH, DEAL, HOT]


def test_rule_can_be_chosen(keyword_model, replay, script):
    replay(script({"conversation_id": "c", "messages": ["checkout", "ok"]}), "--rule=mean")
    assert set(Message.objects.values_list("rule", flat=True)) == {"mean"}
    assert_consistent(Conversation.objects.get().conversation_id)


def test_what_a_terminal_would_obey_is_not_printed(keyword_model, replay, script):
    printed = replay(script({"conversation_id": "c", "messages": ["\x1b[2J\x07gone\u2028new"]}))
    assert "\x1b" not in printed
    assert "\x07" not in printed


def test_line_separators_within_a_message_end_no_line(keyword_model, replay, script):
    path = script(
        json.dumps({"conversation_id": "c", "messages": ["a\u2028b"]}, ensure_ascii=False)
    )
    replay(path)
    assert Message.objects.get().text == "a\u2028b"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "not a JSON object"),
        ({"messages": ["a"]}, "conversation_id"),
        ({"conversation_id": 3, "messages": ["a"]}, "conversation_id"),
        ({"conversation_id": "x" * 201, "messages": ["a"]}, "conversation_id"),
        ({"conversation_id": "b"}, "messages"),
        ({"conversation_id": "b", "messages": []}, "messages"),
        ({"conversation_id": "b", "messages": "a"}, "messages"),
        ({"conversation_id": "b", "messages": ["a", " "]}, "messages.1"),
        ({"conversation_id": "b", "messages": ["a\0"]}, "messages.0"),
        ({"conversation_id": "c", "messages": ["again"]}, "a second 'c'"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_played(keyword_model, replay, script, line, reason):
    path = script({"conversation_id": "c", "messages": ["hi"]}, "", line)
    with pytest.raises(CommandError, match="line 3: ") as error:
        replay(path)
    assert reason in str(error.value)
    assert not Conversation.objects.exists()


def test_a_file_that_is_not_there_is_named(db, replay, tmp_path):
    with pytest.raises(CommandError, match=r"nothing\.jsonl cannot be read"):
        replay(tmp_path / "nothing.jsonl")


def test_a_file_that_is_no_text_is_named(db, replay, tmp_path):
    path = tmp_path / "bytes.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match="cannot be read"):
        replay(path)


def test_without_a_model_it_says_so(db, models_dir, replay):
    with pytest.raises(CommandError, match="No model is active"):
        replay()
