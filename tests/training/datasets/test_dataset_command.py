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
        *(dataset.sizes[split] for split in ("train", "validation", "test")),
        5,
    ]


@pytest.mark.django_db
def test_a_refusal_is_an_error_with_lines_and_reasons(write):
    with pytest.raises(
        CommandError, match=r"1 of 7 records are bad(?s:.*)mine\.jsonl:7: not a JSO"
    ):
        call_command("prepare_dataset", write("[]"))
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
