"""A message that was labelled before a tag existed says nothing about the tag."""

import json

import pytest

from classifier.models import Tag
from training.datasets import dataset, report
from training.datasets.dataset import SEED_FILE, load_split
from training.datasets.reading import Example, Record
from training.datasets.splitting import SPLITS
from training.datasets.unknown_tags import marked, with_negatives

OPTIONAL_FILE = SEED_FILE.parent / "optional-tags.jsonl"
TAGS = ["A", "B", "C"]


def record(*tags, labelled_for=None):
    example = Example(message=f"{tags}", tags=tags)
    return Record(example=example, source="f", line=1, labelled_for=labelled_for)


def unknown(records):
    return [each.example.unknown for each in marked(records, TAGS)]


def test_a_file_is_labelled_for_the_tags_that_occur_in_it():
    assert unknown([record("B"), record(), record("A", "B")]) == [("C",)] * 3


def test_a_file_without_any_tag_is_labelled_for_all():
    assert unknown([record(), record()]) == [(), ()]


def test_what_a_record_says_of_itself_goes_before_its_file():
    records = [record("B", labelled_for=("B",)), record("A"), record(labelled_for=("A", "C"))]
    assert unknown(records) == [("A", "C"), ("C",), ("B",)]


def test_a_tag_cannot_hold_and_be_unknown():
    with pytest.raises(ValueError, match="A cannot hold and be unknown"):
        Example(message="x", tags=("A",), unknown=("B", "A"))


def test_a_tag_that_every_labelled_message_carries_has_the_others_as_negatives():
    examples = [Example(message=f"{n}", tags=("A",)) for n in range(30)]
    examples += [Example(message="b", tags=("B",), unknown=("A", "C"))]
    found, sentences = with_negatives(examples, ["A", "B"])
    assert found[-1].unknown == ("C",)
    assert sentences == [
        "A holds in 30 of the 30 messages labelled for it, so the 1 others count as messages "
        "without it"
    ]


def test_a_tag_with_negatives_of_its_own_leaves_the_others_alone():
    examples = [Example(message=f"{n}", tags=("A",)) for n in range(30)]
    examples += [Example(message=f"no {n}", tags=()) for n in range(3)]
    examples += [Example(message="b", tags=(), unknown=("A",))]
    assert with_negatives(examples, ["A"]) == (examples, [])


@pytest.fixture
def write(settings, tmp_path):
    settings.DATASETS_DIR = tmp_path / "datasets"

    def go(name, rows):
        path = tmp_path / name
        path.write_text("\n".join(json.dumps(row) for row in rows))
        return path

    return go


@pytest.fixture
def optional_tags(db):
    for stage, name in enumerate(("Post-purchase", "Complaint"), start=60):
        Tag.objects.create(name=name, stage=stage, description=name)


def test_shipped_and_optional_messages_make_one_data_set(write, optional_tags):
    made = dataset.prepare([SEED_FILE, OPTIONAL_FILE])
    examples = [example for split in SPLITS for example in load_split(made, split)]
    assert dataset.load_tags(made)[-2:] == ("Post-purchase", "Complaint")
    seed = [example for example in examples if example.unknown]
    assert len(examples) - len(seed) == made.stats["input"]["records"] - 3343 == 240
    assert {example.unknown for example in seed} == {("Post-purchase", "Complaint")}
    assert sum(made.stats["unknown"]["Complaint"].values()) == len(seed)
    assert made.stats["warnings"] == []
    counts = made.stats["unknown"]["Complaint"]
    assert ("not labelled for Complaint", counts) in list(report.rows(made))


def test_a_file_of_one_tag_alone_is_learnt_against_the_others(write, optional_tags):
    seed = [json.loads(line) for line in SEED_FILE.read_text().splitlines()[:60]]
    complaints = [
        {"message": f"{words}, the {n}th time", "tags": ["Complaint"]}
        for n in range(4, 10)
        for words in ("broken again", "nobody answers", "wrong size sent", "late", "so rude")
    ]
    made = dataset.prepare([write("mine.jsonl", seed), write("complaints.jsonl", complaints)])
    assert any(s.startswith("Complaint holds in 30 of the 30") for s in made.stats["warnings"])
    examples = [example for split in SPLITS for example in load_split(made, split)]
    assert not any("Complaint" in example.unknown for example in examples)
    assert all(e.unknown for e in examples if "Complaint" in e.tags)  # the five shipped tags


@pytest.mark.django_db
def test_the_same_messages_have_the_same_digest_for_ever(write):
    rows = [
        {"message": "i'll take it, where do i pay", "tags": ["Hot-buyer"]},
        {"message": "any voucher going?", "tags": ["Deal-seeker"]},
        {"message": "is the mug dishwasher safe", "tags": []},
    ]
    assert dataset.prepare([write("mine.jsonl", rows)]).digest[:16] == "7ea31b5f93fdec40"
