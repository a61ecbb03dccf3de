"""`manage.py tags`: a file becomes rows, all of them or none, and rows become a file again."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from beez.audit.models import AuditEntry
from classifier import tag_files, tag_loading, tags, thresholds
from classifier.models import Tag
from tests.keyword_model import SHIPPED_TAGS

pytestmark = pytest.mark.django_db
PRAISE = {"name": "Praise", "description": "The guest is happy.", "stage": 10}
REFUND = {"name": "Refund", "description": "The guest wants money; back.", "stage": 20}
TABLE = (
    "name,description,stage,label\nPraise,The guest is happy.,10,\nRefund,Wants money.,20,Money\n"
)


@pytest.fixture
def load(tmp_path, capsys):
    """Loads a file of this content; what was said."""

    def load(content, *options, name="tags.csv"):
        path = tmp_path / name
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        call_command("tags", "load", path, *options)
        said = capsys.readouterr()
        return said.out + said.err

    return load


def rows():
    fields = ("name", "description", "stage", "label", "retired_at")
    return list(Tag.objects.values_list(*fields).order_by("name"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tags.csv", TABLE.encode()),
        ("tags.csv", TABLE.replace(",", ";").encode("utf-8-sig")),
        ("tags.tsv", TABLE.replace(",", "\t").encode("utf-16")),
        ("tags.json", json.dumps([PRAISE, REFUND]).encode()),
        ("tags.jsonl", f"{json.dumps(PRAISE)}\n\n{json.dumps(REFUND)}\n".encode()),
    ],
)
def test_tags_are_taken_from_a_file_as_it_comes(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    call_command("tags", "load", path)
    assert Tag.objects.count() == 7
    assert list(Tag.objects.filter(name__in=["Praise", "Refund"]).values_list("stage")) == [
        (10,),
        (20,),
    ]


def test_loading_says_what_it_did_and_a_second_time_does_nothing(load):
    assert load(TABLE) == (
        "added:     Praise, Refund\nSet TRAINING_FILES to messages that are labelled with them.\n"
    )
    before, told = rows(), AuditEntry.objects.count()
    assert "as before: Praise, Refund\nNothing has changed.\n" in load(TABLE)
    assert (rows(), AuditEntry.objects.count()) == (before, told)
    said = load("name,stage\nPraise,30\n")
    assert said.startswith("changed:   Praise\n")
    assert Tag.objects.get(name="Praise").description == "The guest is happy."


def test_a_loading_is_told_in_the_audit_log_with_its_names(load):
    load(TABLE)
    entry = AuditEntry.objects.first()
    assert (entry.kind, entry.action, entry.subject) == ("system", "tags.loaded", "tags.csv")
    assert entry.detail == {"added": ["Praise", "Refund"]}


def test_one_bad_row_and_nothing_is_changed(load):
    before = rows()
    bad = [
        PRAISE,
        REFUND | {"stage": "soon"},
        {"name": "No words", "stage": 3},
        REFUND | {"name": "a;b"},
        PRAISE,
        REFUND | {"name": 7},
        REFUND | {"label": "a\tb"},
        REFUND | {"description": "\ud800"},
        REFUND | {"name": "a\0b"},
        REFUND | {"stage": 40_000},
        REFUND | {"retired": "perhaps"},
    ]
    with pytest.raises(CommandError) as refused:
        load("\n".join(map(json.dumps, bad)), "--replace", name="tags.jsonl")
    said = str(refused.value)
    assert said.startswith("10 of 11 rows cannot be taken:\n  tags.jsonl:2: stage: Enter a whole")
    assert "tags.jsonl:3: description is missing: what a message with this tag says" in said
    assert "tags.jsonl:4: name: A name has no comma, ; or |" in said
    assert "tags.jsonl:5: 'Praise' stands in line 1 already" in said
    assert "tags.jsonl:6: name is not a text" in said
    assert "tags.jsonl:8: description is not valid UTF-8" in said
    assert said.endswith("No tag was changed. Mend the rows and load the file again.")
    assert rows() == before
    assert not AuditEntry.objects.filter(action__startswith="tag").exists()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("tags.csv", "message,tags\nhello,Praise\n", "the first line must name the columns"),
        ("tags.csv", "name,tag,stage\nPraise,Praise,3\n", "a column is named twice"),
        ("tags.csv", "", "the first line must name the columns"),
        ("tags.csv", "name,stage\n", "it holds no tag"),
        ("tags.json", "[]", "it holds no tag"),
        ("tags.xlsx", "PK", "from a spreadsheet, save them as CSV"),
        ("tags.csv", 'name,stage\n"Praise,3\n', "has a quote that is not closed"),
        ("tags.json", '[{"name": "Praise"', "not valid JSON"),
    ],
)
def test_a_file_that_is_none_of_tags_is_refused_with_what_to_do(load, name, content, sentence):
    with pytest.raises(CommandError, match=sentence):
        load(content, name=name)
    assert Tag.objects.count() == 5


def test_what_is_not_read_of_a_file_is_said(load):
    said = load("name,description,stage,colour\nPraise,The guest is happy.,10,red\n")
    assert "tags.csv: not read, for it is none of ours: 'colour'" in said


def test_in_a_fresh_home_replace_removes_the_shipped_tags(load):
    said = load(TABLE, "--replace")
    assert "removed:   First-time-visitor, Window-shopper" in said
    assert tags.names() == ["Praise", "Refund"]
    assert tags.own()


def test_where_a_model_was_trained_replace_retires_what_is_not_in_the_file(load, keyword_model):
    said = load(TABLE, "--replace")
    assert "retired:   First-time-visitor, Window-shopper" in said
    assert "The next training learns them" in said
    assert len(tags.names()) == 7
    assert [tag.name for tag in tags.in_use()] == ["Praise", "Refund"]
    again = load(TABLE, "--replace")
    assert "retired" not in again and "Nothing has changed." in again


def test_a_tag_that_something_names_is_retired_even_in_a_fresh_home(load, keyword_model):
    thresholds.change(values={"Hot-buyer": 0.4}, actor="anna")
    keyword_model.activations.all().delete()
    keyword_model.delete()
    load(TABLE, "--replace")
    assert tags.names() == ["Praise", "Refund", "Hot-buyer"]
    assert Tag.objects.get(name="Hot-buyer").retired_at is not None


def test_a_retired_tag_that_a_file_names_is_in_use_again_unless_the_file_says_retired(load):
    load(TABLE)
    tags.retire("Praise")
    load([{"name": "Praise", "retired": "yes"}], name="tags.json")
    assert Tag.objects.get(name="Praise").retired_at is not None
    load([{"name": "Praise"}], name="tags.json")
    assert Tag.objects.get(name="Praise").retired_at is None


def test_a_file_that_would_leave_no_tag_in_use_is_refused(load):
    with pytest.raises(CommandError, match="none would be in use"):
        load([PRAISE | {"retired": True}], "--replace", name="tags.json")
    assert tags.names() == list(SHIPPED_TAGS)


def test_an_odd_tag_of_before_can_still_be_changed_by_a_file(load):
    Tag.objects.create(name="none", description="odd", stage=3)
    load([{"name": "none", "description": "odd still"}], name="tags.json")
    assert Tag.objects.get(name="none").description == "odd still"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_loadings_at_once_the_second_finds_what_the_first_has_done(tmp_path):
    path = tmp_path / "tags.csv"
    path.write_text(TABLE)

    def load(_):
        try:
            rows = tag_files.read(path).rows
            return tag_loading.load(rows, source="x", actor="x", replace=True).added
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(load, range(4), timeout=60)) == [[], [], [], ["Praise", "Refund"]]
    assert tags.names() == ["Praise", "Refund"]


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl"])
def test_what_is_saved_and_loaded_elsewhere_is_the_same(tmp_path, suffix):
    Tag.objects.create(name="Käufer", description='He says: "now;\nor never", twice.', stage=7)
    Tag.objects.create(name="Gone", label="Gone, long", description="=1+1", stage=0,
                       retired_at=timezone.now())  # fmt: skip
    path, again = tmp_path / f"tags.{suffix}", tmp_path / f"again.{suffix}"
    call_command("tags", "save", path)
    before = rows()
    assert not tag_loading.load(tag_files.read(path).rows, source="x", actor="x").news()
    Tag.objects.all().delete()
    call_command("tags", "load", path, "--replace")
    assert [row[:4] for row in rows()] == [row[:4] for row in before]
    assert [row[4] is None for row in rows()] == [row[4] is None for row in before]
    call_command("tags", "save", again)
    assert again.read_bytes() == path.read_bytes()


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    path = tmp_path / "tags.csv"
    path.write_text("mine")
    with pytest.raises(CommandError, match="is there already"):
        call_command("tags", "save", path)
    assert path.read_text() == "mine"


def test_tags_are_saved_to_standard_output_as_csv(capsys):
    call_command("tags", "save")
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], len(lines)) == ("name,description,stage,label,retired", 6)


def test_tags_are_listed_and_retired_and_taken_back(capsys):
    call_command("tags", "retire", "Hot-buyer")
    call_command("tags", "list")
    assert "   50  Hot-buyer, retired 20" in capsys.readouterr().out
    assert "Hot-buyer" not in [tag.name for tag in tags.in_use()]
    call_command("tags", "retire", "Hot-buyer", "--undo")
    call_command("tags", "retire", "Hot-buyer", "--undo")
    assert capsys.readouterr().out.splitlines()[-1] == "Hot-buyer is in use, as before."
    with pytest.raises(CommandError, match="There is no tag 'hot'"):
        call_command("tags", "retire", "hot")


def test_the_shipped_tags_are_no_tags_of_ones_own():
    assert set(tags.SHIPPED) == set(tags.names())
    assert not tags.own()
    Tag.objects.filter(name="Hot-buyer").update(retired_at=timezone.now())
    assert not tags.own()


def test_a_file_of_tags_in_the_settings_is_read_until_there_is_a_model(
    settings, tmp_path, keyword_model
):
    path = tmp_path / "tags.csv"
    path.write_text(TABLE)
    settings.TAGS_FILE = str(path)
    assert tag_loading.first() is None  # a model of before answers with other tags
    keyword_model.activations.all().delete()
    keyword_model.delete()
    assert tag_loading.first().added == ["Praise", "Refund"]
    assert tag_loading.first().news() == {}
    assert tags.names() == ["Praise", "Refund"]
    settings.TAGS_FILE = str(tmp_path / "none.csv")
    with pytest.raises(tag_loading.TagsError, match="cannot be read"):
        tag_loading.first()
