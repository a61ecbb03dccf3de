import itertools
import json
import random
import threading

import pytest
from django.db import connection

from classifier.models import Tag
from training.datasets import splitting
from training.datasets.dataset import (
    DatasetError,
    Example,
    folder_of,
    load_split,
    load_tags,
    prepare,
)
from training.datasets.options import Options
from training.models import Dataset

NOUNS = """anorak boots candle desk easel flute globe hammock iris jigsaw kettle lamp mug
necklace oboe piano quilt ring sofa trunk urn violin watch xylophone yarn zither"""
WORDS = NOUNS.split()
TAGS = ["First-time-visitor", "Deal-seeker", "Hot-buyer"]


def labelled(count=60, seed=0):
    """Messages of four random words each, so that no two are alike, with random tags."""
    rng = random.Random(seed)
    pairs = list(itertools.combinations(WORDS, 4))
    return [
        {"message": " ".join(words), "tags": [tag for tag in TAGS if rng.random() < 0.4]}
        for words in rng.sample(pairs, count)
    ]


@pytest.fixture(autouse=True)
def datasets_dir(settings, tmp_path):
    settings.DATASETS_DIR = tmp_path / "datasets"
    return settings.DATASETS_DIR


@pytest.fixture
def write(tmp_path):
    def go(rows, name="data.jsonl"):
        path = tmp_path / name
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("\n".join(lines))
        return path

    return go


def folders(datasets_dir):
    return [path.name for path in datasets_dir.iterdir()]


def contents(dataset):
    return {path.name: path.read_bytes() for path in folder_of(dataset.digest).iterdir()}


@pytest.mark.django_db
def test_splits_tags_and_stats_are_written_and_a_row_is_stored(write, datasets_dir):
    rows = labelled()
    dataset = prepare([write(rows)])

    assert folders(datasets_dir) == [dataset.digest[:16]]
    files = contents(dataset)
    assert sorted(files) == [
        "stats.json",
        "stream.jsonl",
        "tag2id.json",
        "test.jsonl",
        "train.jsonl",
        "validation.jsonl",
    ]
    assert json.loads(files["stats.json"]) == dataset.stats
    assert json.loads(files["tag2id.json"]) == {tag: i for i, tag in enumerate(TAGS)}
    assert dataset.sources == ["data.jsonl"]
    for tag in TAGS:
        counts = dataset.stats["per_tag"][tag]
        for split, share in zip(splitting.DEALT, splitting.SHARES, strict=True):
            assert counts[split] == pytest.approx(share * sum(counts.values()), abs=1.5)
    splits = {split: load_split(dataset, split) for split in splitting.SPLITS}
    assert {split: len(some) for split, some in splits.items()} == dataset.sizes
    written = {example.message: list(example.tags) for some in splits.values() for example in some}
    assert written == {row["message"]: row["tags"] for row in rows}


@pytest.mark.django_db
def test_tags_follow_the_journey_and_those_without_an_example_are_left_out(write):
    Tag.objects.create(name="Gift-giver", stage=15, description="Buys for somebody else.")
    Tag.objects.create(name="Aardvark", stage=50, description="Comes before Hot-buyer by name.")
    rows = [*labelled(), {"message": "for my sister", "tags": ["Hot-buyer", "Aardvark"]}]
    dataset = prepare([write(rows)])
    assert load_tags(dataset) == ("First-time-visitor", "Deal-seeker", "Aardvark", "Hot-buyer")
    assert "Gift-giver has no example and is left out" in dataset.stats["warnings"]
    assert "Aardvark has no example in validation and test" in dataset.stats["warnings"]
    (example,) = [e for e in load_split(dataset, "train") if e.message == "for my sister"]
    assert example.tags == ("Aardvark", "Hot-buyer")


@pytest.mark.django_db
def test_the_same_input_in_other_files_and_lines_is_the_same_data_set(write, datasets_dir):
    rows = labelled()
    first = prepare([write(rows)])
    before = contents(first)
    shuffled = [{**row, "tags": row["tags"][::-1]} for row in reversed(rows)]
    csv = ["tags,message", *(f"{';'.join(row['tags'])},{row['message']}" for row in shuffled[:20])]
    second = prepare([write(shuffled[20:], "a.jsonl"), write(csv, "b.csv")])

    assert (second.pk, second.digest) == (first.pk, first.digest)
    assert Dataset.objects.count() == len(folders(datasets_dir)) == 1
    after = contents(second)
    assert {**after, "stats.json": b""} == {**before, "stats.json": b""}
    assert second.sources == ["a.jsonl", "b.csv"]
    assert json.loads(after["stats.json"])["input"]["sources"] == ["a.jsonl", "b.csv"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[:-1],
        lambda rows: [{**rows[0], "message": "something else"}, *rows[1:]],
        lambda rows: [{**rows[0], "tags": ["Wishlist-user"]}, *rows[1:]],
        lambda rows: [{**rows[0], "group": "g"}, *rows[1:]],
    ],
    ids=["fewer", "text", "tag", "group"],
)
def test_other_content_is_another_data_set(write, change):
    rows = labelled()
    assert prepare([write(rows)]).digest != prepare([write(change(rows))]).digest


@pytest.mark.django_db
def test_another_order_of_tags_and_other_split_parameters_are_another_data_set(write, monkeypatch):
    path = write(labelled())
    digests = {prepare([path]).digest, prepare([path], known_tags=TAGS[::-1]).digest}
    monkeypatch.setitem(prepare.__globals__["PARAMETERS"], "seed", 7)
    assert len(digests | {prepare([path]).digest}) == 3


@pytest.mark.django_db
def test_near_duplicates_stand_in_one_split(write):
    base = "i would really like the blue {} but could you do it a bit cheaper please"
    family = [
        {"message": base.format(w), "tags": ["Deal-seeker"]} for w in ("mug", "mugs", "mug s")
    ]
    dataset = prepare([write([*labelled(), *family])])
    (near,) = dataset.stats["input"]["near_duplicates"]
    assert sorted(near) == ["data.jsonl:61", "data.jsonl:62", "data.jsonl:63"]
    holding = [
        split
        for split in splitting.SPLITS
        if any("bit cheaper" in example.message for example in load_split(dataset, split))
    ]
    assert len(holding) == 1


@pytest.mark.django_db
def test_every_record_is_kept_merged_in_conflict_or_a_problem(write):
    rows = labelled(100)
    extra = [
        {"message": rows[0]["message"].upper() + "!", "tags": rows[0]["tags"]},
        {"message": rows[1]["message"], "tags": ["Window-shopper"]},
        {"message": "x", "tags": ["Nonsense"]},
    ]
    dataset = prepare([write([*rows, *extra])])
    found = dataset.stats["input"]
    assert found["duplicates"] == [["data.jsonl:1", "data.jsonl:101"]]
    assert found["conflicts"] == [
        [
            {"place": "data.jsonl:2", "tags": rows[1]["tags"]},
            {"place": "data.jsonl:102", "tags": ["Window-shopper"]},
        ]
    ]
    assert found["problems"] == [
        {"source": "data.jsonl", "line": 103, "reason": "unknown tag 'Nonsense'"}
    ]
    assert (found["records"], found["kept"]) == (103, 99)
    assert sum(dataset.sizes.values()) == 99


@pytest.mark.django_db
def test_too_many_bad_records_are_refused_with_the_first_twenty(write, datasets_dir):
    path = write([*labelled(), *["oops"] * 25])
    with pytest.raises(DatasetError) as caught:
        prepare([path])
    lines = str(caught.value).split("\n")
    assert lines[0] == "25 of 85 records are bad, more than 2.0%:"
    assert lines[1].startswith("  data.jsonl:61: not valid JSON")
    assert len(lines) == 23
    assert lines[-2:] == [
        "  … and 5 more",
        "Mend them, or go on without them with --max-bad-share 0.295.",
    ]
    assert not Dataset.objects.exists()
    assert not datasets_dir.exists()
    assert prepare([path], options=Options(max_bad_share=25 / 85)).stats["input"]["kept"] == 60


@pytest.mark.django_db
def test_one_unreadable_file_is_refused_however_many_bad_records_are_allowed(write, tmp_path):
    with pytest.raises(DatasetError, match=r"absent\.jsonl: cannot be read: No such file"):
        prepare([write(labelled()), tmp_path / "absent.jsonl"], options=Options(max_bad_share=1))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "the input holds no message"),
        (["", "  "], "the input holds no message"),
        ([{"message": word, "tags": []} for word in WORDS], "no message carries a tag"),
        (labelled(2), "2 distinct messages cannot fill 3 splits"),
        (
            [{"message": "same", "tags": [tag]} for tag in TAGS],
            "no message carries a tag",
        ),
    ],
    ids=["empty", "blank", "untagged", "tiny", "conflicts"],
)
def test_input_that_nothing_can_be_learnt_from_is_refused(write, rows, reason):
    with pytest.raises(DatasetError, match=reason):
        prepare([write(rows)])


@pytest.mark.django_db
@pytest.mark.parametrize("damage", ["missing folder", "missing file", "changed file"])
def test_a_damaged_folder_is_noticed_by_loading_and_mended_by_preparing(
    write, datasets_dir, damage
):
    path = write(labelled())
    dataset = prepare([path])
    whole = contents(dataset)
    folder = folder_of(dataset.digest)
    if damage == "missing folder":
        folder.rename(folder.with_name("elsewhere"))
    elif damage == "missing file":
        (folder / "train.jsonl").unlink()
    else:
        (folder / "train.jsonl").write_bytes(whole["train.jsonl"][:-1])
    with pytest.raises(DatasetError, match="the train split is missing or damaged"):
        load_split(dataset, "train")

    assert prepare([path]).pk == dataset.pk
    assert contents(dataset) == whole
    assert {*folders(datasets_dir)} <= {folder.name, "elsewhere"}
    assert len(load_split(dataset, "train")) == dataset.sizes["train"]


@pytest.mark.django_db
def test_a_folder_that_cannot_be_written_is_a_clear_error_and_no_row(write, datasets_dir):
    datasets_dir.write_text("a file in the way")
    with pytest.raises(DatasetError, match=r"cannot write .*datasets"):
        prepare([write(labelled())])
    assert not Dataset.objects.exists()


@pytest.mark.django_db
def test_groups_and_messages_of_any_script_survive_storage(write):
    odd = {"message": "día\n“käufe” 買う 👍 \u2028 x", "tags": ["Hot-buyer"], "group": "odd"}
    dataset = prepare([write([*labelled(), odd])])
    found = [e for split in splitting.SPLITS for e in load_split(dataset, split) if e.group]
    assert found == [Example(message=odd["message"], tags=("Hot-buyer",), group="odd")]
    assert sum(dataset.stats["groups"]["odd"].values()) == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_preparing_the_same_messages_at_once_makes_one_data_set(write, datasets_dir):
    path = write(labelled())
    results, barrier = [], threading.Barrier(4)

    def run():
        try:
            barrier.wait()
            results.append(prepare([path]).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert len(set(results)) == Dataset.objects.count() == 1
    assert len(folders(datasets_dir)) == 1


@pytest.mark.django_db
def test_without_paths_the_files_of_the_settings_are_read(write, settings):
    settings.TRAINING_FILES = [str(write(labelled(), "shop.jsonl"))]
    assert prepare().sources == ["shop.jsonl"]
