import json

import pytest
from django.core.management import CommandError, call_command

from classifier.models import Tag
from training.datasets import dataset
from training.datasets.dataset import SEED_FILE

pytestmark = pytest.mark.django_db
DATA = SEED_FILE.parent


@pytest.fixture
def write(tmp_path):
    def go(*rows):
        path = tmp_path / "data.jsonl"
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
        return path

    return go


def evaluate(capsys, *arguments):
    call_command("evaluate", *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def test_messages_are_scored_as_the_live_version_answers(keyword_model, write, capsys):
    path = write(
        {"message": "I want a discount", "tags": ["Deal-seeker"], "group": "plain"},
        {"message": "what a lovely day", "tags": []},
        {"message": "nothing that the model knows", "tags": ["Hot-buyer"]},
    )
    found = evaluate(capsys, path)["messages"]
    assert found["micro_f1"] == pytest.approx(2 / 3)
    assert found["no_tag_accuracy"] == 1
    assert found["groups"]["plain"]["exact_match"] == 1


def test_a_tag_that_a_message_was_not_labelled_for_is_not_scored_there(
    keyword_model, write, capsys
):
    rows = [
        {"message": "I want a discount", "tags": ["Deal-seeker"]},
        {"message": "just browsing, any discount?", "tags": ["Deal-seeker"]},
    ]
    found = evaluate(capsys, write(*rows))["messages"]
    assert (found["micro_f1"], found["exact_match"]) == (1, 1)
    every_tag = list(keyword_model.tags)
    rows[1]["labelled_for"] = every_tag
    found = evaluate(capsys, write(*rows))["messages"]
    assert found["micro_f1"] == pytest.approx(4 / 5)


def test_messages_that_were_learnt_from_are_counted_and_told(
    trained_before, few_messages, write, capsys
):
    learnt = dataset.load_split(trained_before.dataset, "train")[0]
    rows = [
        {"message": learnt.message.upper(), "tags": list(learnt.tags)},
        {"message": "nobody ever wrote this one", "tags": []},
    ]
    assert evaluate(capsys, write(*rows))["messages"]["learnt"] == 1
    call_command("evaluate", write(*rows))
    assert "! 1 of these messages were learnt from" in capsys.readouterr().out


def test_a_tag_of_a_few_messages_is_not_judged_by_its_f1(keyword_model, write, capsys):
    call_command("evaluate", write({"message": "I want a discount", "tags": ["Deal-seeker"]}))
    said = capsys.readouterr().out
    assert "of 1, 0 missed: too few to judge it" in said
    assert "F1 1.000" not in said.split("\n", 1)[1]


def test_the_figures_in_a_stream_are_told(keyword_model, write, capsys):
    rows = [
        {"message": "I want a discount", "tags": ["Deal-seeker"]},
        {"message": "what a lovely day", "tags": []},
    ]
    call_command("evaluate", write(*rows))
    said = capsys.readouterr().out
    assert "in a stream with 75% untagged: precision 1.000, recall 1.000, 0 false alarms" in said


def test_conversations_are_scored_by_both_rules(keyword_model, write, capsys):
    messages = [
        {"message": "I want a discount", "tags": ["Deal-seeker"]},
        {"message": "what a lovely day", "tags": []},
    ]
    found = evaluate(
        capsys, "--conversations", write({"conversation_id": "a", "messages": messages})
    )["conversations"]
    assert found["newest"]["accuracy"] == 1
    assert set(found) == {"newest", "mean"}


def test_the_figures_can_be_read_on_a_terminal(keyword_model, capsys):
    call_command(
        "evaluate", DATA / "challenge.jsonl", "--conversations", DATA / "conversations.jsonl"
    )
    said = capsys.readouterr().out
    assert "355 messages: micro-F1" in said
    assert "rule mean" in said


@pytest.mark.parametrize(
    ("row", "where"),
    [("{", "data.jsonl:1"), ({"message": "x", "tags": ["No-such-tag"]}, "No-such-tag")],
)
def test_a_bad_message_is_named_with_its_line(keyword_model, write, row, where):
    with pytest.raises(CommandError, match=where):
        call_command("evaluate", write(row))


@pytest.mark.parametrize("row", ["{", {"messages": 3}, {"messages": [{"message": "x"}]}])
def test_a_bad_conversation_is_named_with_its_line(keyword_model, write, row):
    with pytest.raises(CommandError, match=r"data\.jsonl:1"):
        call_command("evaluate", "--conversations", write(row))


def test_without_data_or_a_version_it_says_what_to_do(db, write):
    with pytest.raises(CommandError, match="FILE"):
        call_command("evaluate")
    with pytest.raises(CommandError, match="No version is live"):
        call_command("evaluate", write({"message": "x", "tags": []}))


def conversation(*messages):
    rows = [{"message": text, "tags": tags} for text, tags in messages]
    return json.dumps({"conversation_id": "a", "messages": rows}, ensure_ascii=False)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_conversations_with_a_byte_order_mark_and_line_separators_are_read(
    keyword_model, tmp_path, capsys, encoding
):
    path = tmp_path / "c.jsonl"
    path.write_bytes(conversation(("a discount\u2028please\x85", ["Deal-seeker"])).encode(encoding))
    assert evaluate(capsys, "--conversations", path)["conversations"]["newest"]["accuracy"] == 1


def test_every_bad_conversation_is_named_with_line_message_and_reason(keyword_model, write):
    path = write(
        conversation(("hello", []), ("where is it", ["Shipping"])),
        conversation(("ok", [])),
        conversation((7, [])),
    )
    with pytest.raises(CommandError) as error:
        call_command("evaluate", "--conversations", path)
    assert [line.strip() for line in str(error.value).splitlines()[1:]] == [
        "data.jsonl:1: message 2 of the conversation: unknown tag 'Shipping'",
        "data.jsonl:3: message 1 of the conversation: message is not a string",
    ]


def test_tags_that_the_version_does_not_know_are_named(keyword_model, write, capsys):
    Tag.objects.create(name="Complaint", stage=5, description="The customer complains.")
    rows = [
        {"message": "so bad", "tags": ["Complaint"]},
        {"message": "discount", "tags": ["Deal-seeker"]},
    ]
    call_command("evaluate", write(*rows))
    assert "does not know these tags of the file" in (said := capsys.readouterr().err)
    assert "Complaint (1)" in said
    path = write(conversation(("so bad", ["Complaint"]), ("discount", ["Deal-seeker"])))
    call_command("evaluate", "--conversations", path)
    assert "Complaint (1)" in capsys.readouterr().err


def test_bad_records_can_be_left_out_and_are_told(keyword_model, write, capsys):
    path = write({"message": "discount", "tags": ["Deal-seeker"]}, "{")
    call_command("evaluate", path, "--max-bad-share", "0.5")
    assert "data.jsonl:2: not valid JSON" in capsys.readouterr().err
