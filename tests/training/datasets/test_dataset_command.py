import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from training.models import Dataset

MESSAGES = [
    ("i'll take it, where do i pay", ["Hot-buyer"]),
    ("any voucher going?", ["Deal-seeker"]),
    ("never ordered from you before", ["First-time-visitor"]),
    ("just having a look round", ["Window-shopper"]),
    ("putting the lamp on my list till march", ["Wishlist-user"]),
    ("is the mug dishwasher safe", []),
]


@pytest.fixture(autouse=True)
def datasets_dir(settings, tmp_path):
    settings.DATASETS_DIR = tmp_path / "datasets"


@pytest.fixture
def write(tmp_path):
    def go(*extra: str) -> Path:
        rows = [json.dumps({"message": message, "tags": tags}) for message, tags in MESSAGES]
        path = tmp_path / "mine.jsonl"
        path.write_text("\n".join([*rows, *extra]))
        return path

    return go


@pytest.mark.django_db
def test_the_report_lists_what_was_left_out_the_table_and_the_digest(write, capsys):
    path = write(
        '{"message": "Any voucher going", "tags": ["Deal-seeker"]}',
        '{"message": "is the mug dishwasher safe?", "tags": ["Hot-buyer"]}',
        '{"message": " ", "tags": []}',
    )
    call_command("prepare_dataset", path, max_bad_share=0.2)
    out = capsys.readouterr().out
    dataset = Dataset.objects.get()
    assert "Bad records, left out: 1\n  mine.jsonl:9: message is empty\n" in out
    assert "  mine.jsonl:6 [none] ≠ mine.jsonl:8 [Hot-buyer]\n" in out
    assert "Duplicates, merged: 1\n  mine.jsonl:2 = mine.jsonl:7\n" in out
    assert "9 records from mine.jsonl; 5 kept\n" in out
    assert f"Digest {dataset.digest}\n" in out
    (row,) = [line for line in out.splitlines() if line.startswith("messages")]
    assert [int(cell) for cell in row.split()[1:]] == [
        *(dataset.sizes[split] for split in ("train", "validation", "test", "stream")),
        5,
    ]


@pytest.mark.django_db
def test_a_refusal_is_an_error_with_lines_and_reasons(write):
    with pytest.raises(
        CommandError, match=r"2 of 8 records are bad(?s:.*)mine\.jsonl:7: not a JSO"
    ):
        call_command("prepare_dataset", write("[]", "{"))
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("value", ["1.5", "-0.1", "nan", "lots"])
def test_a_share_outside_zero_to_one_is_refused(value):
    with pytest.raises(CommandError, match="is not a share from 0 to 1"):
        call_command("prepare_dataset", "--max-bad-share", value)


@pytest.mark.django_db
def test_without_a_file_the_shipped_messages_are_prepared(settings, capsys):
    call_command("prepare_dataset")
    out = capsys.readouterr().out
    assert "seed.jsonl" in out and "plain.jsonl" in out
    assert "left out" not in out
    assert Dataset.objects.get().sizes["train"] >= 400


@pytest.mark.django_db
def test_rows_of_one_message_are_a_conflict_that_names_the_options_and_joined_by_one(
    write, tmp_path, capsys
):
    path = write('{"message": "any voucher going?", "tags": ["Hot-buyer"]}')
    call_command("prepare_dataset", path)
    assert "with --join-rows; with --later-wins" in capsys.readouterr().out
    assert Dataset.objects.get().stats["input"]["kept"] == 5
    call_command("prepare_dataset", path, "--join-rows")
    out = capsys.readouterr().out
    assert "Rows of one message, joined: 1\n  mine.jsonl:2 + mine.jsonl:7\n" in out
    assert "Conflicts" not in out


@pytest.mark.django_db
def test_when_conflicts_leave_no_tag_the_refusal_names_the_options(tmp_path):
    path = tmp_path / "all.csv"
    path.write_text("message,tags\n" + "".join(f"a,{tag}\n" for tag in ("Hot-buyer", "none")))
    with pytest.raises(CommandError, match=r"1 were left out(?s:.*)--join-rows"):
        call_command("prepare_dataset", path)


@pytest.mark.django_db
def test_corrected_labels_win_over_the_older_file(write, tmp_path, capsys):
    new = tmp_path / "new.jsonl"
    new.write_text('{"message": "Any voucher going", "tags": []}')
    call_command("prepare_dataset", write(), new, "--later-wins")
    assert "Corrected, the later file wins: 1\n  mine.jsonl:2 → new.jsonl:1\n" in (
        capsys.readouterr().out
    )
    assert "Deal-seeker" not in Dataset.objects.get().stats["tags"]


@pytest.mark.django_db
def test_the_settings_say_how_files_are_read_where_the_command_does_not(settings, tmp_path, capsys):
    settings.TRAINING_READING = ["skip-unlabelled"]
    path = tmp_path / "mine.csv"
    rows = [f'"{text}",{";".join(tags)}' for text, tags in MESSAGES]
    path.write_text("\n".join(["message,tags", *rows]))
    call_command("prepare_dataset", path)
    assert "1 of 6 rows have an empty tags cell and are left out" in capsys.readouterr().out
    call_command("prepare_dataset", path, "--unlabelled=untagged")
    assert "are read as messages without a tag" in capsys.readouterr().out


@pytest.mark.django_db
def test_without_an_untagged_message_the_report_warns(tmp_path, capsys):
    path = tmp_path / "tagged.jsonl"
    tagged = [row for row in MESSAGES if row[1]]
    path.write_text("\n".join(json.dumps({"message": m, "tags": t}) for m, t in tagged))
    call_command("prepare_dataset", path)
    assert "every message carries a tag" in capsys.readouterr().out


@pytest.mark.django_db
def test_one_bad_record_does_not_spoil_a_small_file(write):
    call_command("prepare_dataset", write("{"))
    assert len(Dataset.objects.get().stats["input"]["problems"]) == 1
