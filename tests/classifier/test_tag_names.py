"""A new tag's name can stand in a file, a query and a terminal; odd ones of before keep working."""

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.urls import reverse
from hypothesis import example, given, settings, strategies
from openpyxl import Workbook

from classifier.models import Tag
from classifier.tags import why_not_a_tag
from training.datasets.reading import Problem, Record, read

pytestmark = pytest.mark.django_db

ODD = (
    *("a;b", "a|b", "a,b", "none", "None", "-", "–", "no tag", "a\tb", "a\nb", "a\x07b", "a\x7fb"),
    *("a\u2028b", "a\u202eb", "a\u200bb", "a\ue000b", "x" * 65, "a\0b"),
)


NO_FILE_CARRIES = (
    *("untagged", "No Tags", "NONE", "—", "[sale", "sale]", '"sale"', "'sale"),
    *("=sale", "+1", "@me", "-sale"),
    *("label", "Text", "Message", "group", "tag 1", "labels", "labelled for"),
)


def add(admin_client, name, label=""):
    data = {"name": name, "label": label, "description": "Somebody asks.", "stage": 3}
    return admin_client.post(reverse("admin:classifier_tag_add"), data)


@pytest.mark.parametrize("name", ODD)
def test_a_name_that_a_file_or_a_query_cannot_carry_is_refused(admin_client, name):
    assert add(admin_client, name).status_code in (200, 400)
    assert Tag.objects.count() == 5


@pytest.mark.parametrize("label", ["a\nb", "a\u202eb", "x" * 65])
def test_so_is_a_label_that_a_page_cannot_show(admin_client, label):
    assert add(admin_client, "Asker", label).status_code == 200
    assert Tag.objects.count() == 5


@pytest.mark.parametrize("name", ["Asker", "asks twice", "Käufer", "顾客", "price?", "a/b", "50%"])
def test_other_names_are_taken(admin_client, name):
    assert add(admin_client, f" {name} ").status_code == 302
    assert Tag.objects.filter(name=name).exists()


def test_an_odd_tag_of_before_can_still_be_changed_and_retired(admin_client):
    Tag.objects.create(name="none", label="a\tb", description="odd", stage=3)
    change = reverse("admin:classifier_tag_change", args=["none"])
    data = {"label": "a\tb", "description": "odd still", "stage": 4, "retired": "on"}
    assert admin_client.post(change, data).status_code == 302
    tag = Tag.objects.get(name="none")
    assert (tag.description, tag.stage) == ("odd still", 4) and tag.retired_at is not None


@pytest.mark.parametrize("name", [*ODD, *NO_FILE_CARRIES, " padded", "", "\ud800"])
def test_the_rule_refuses_names_that_no_file_can_carry(name):
    assert why_not_a_tag(name)


def test_a_name_that_a_column_could_not_tell_from_another_is_refused(admin_client):
    answer = add(admin_client, "hot BUYER")
    assert answer.status_code == 200
    assert "the same as &#x27;Hot-buyer&#x27;" in answer.content.decode()
    assert Tag.objects.count() == 5


OTHER = "Refund wanted"
CHARACTERS = strategies.characters(codec="utf-8") | strategies.sampled_from(
    ";|,-–'\"[]=+@ _#:{}\\1x"
)
NAMES = strategies.one_of(
    strategies.text(CHARACTERS, min_size=1, max_size=12),
    strategies.sampled_from([*ODD, *NO_FILE_CARRIES, "50%", "a/b", "#1", "x_y", "{a}", "null"]),
)


def table(rows, separator):
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue()


def workbook(rows):
    book, content = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def files_with(name):
    """A file of each kind that says of two messages: the first has both tags, the second `name`."""
    lists = [["message", "tags"], ["one", f"{OTHER};{name}"], ["two", name]]
    bars = [["message", "tags"], ["one", f"{name}|{OTHER}"], ["two", f"['{name}']"]]
    commas = [["message", "tags"], ["one", f"{name}, {OTHER}"], ["two", f'["{name}"]']]
    numbered = [["message", "tag_1", "tag_2"], ["one", name, OTHER], ["two", "", name]]
    flags = [["message", name, OTHER], ["one", "1", "1"], ["two", "1", "0"]]
    for kind, rows in {"l": lists, "b": bars, "c": commas, "n": numbered, "f": flags}.items():
        for number, separator in enumerate(",;\t|"):
            yield f"{kind}{number}.csv", table(rows, separator).encode()
    for kind, rows in {"l": lists, "n": numbered, "f": flags}.items():
        yield f"{kind}.xlsx", workbook(rows)
    records = [{"message": "one", "tags": [name, OTHER]}, {"message": "two", "tags": name}]
    yield "l.json", json.dumps(records).encode()


def said_by(path, name):
    found = read(path, source=path.name, known_tags=[name, OTHER], max_length=100)
    told = [one for one in found if isinstance(one, Record | Problem)]
    return [set(one.example.tags) if isinstance(one, Record) else str(one) for one in told]


@settings(max_examples=30)
@given(NAMES)
@example("price?")
@example("it's")
@example("_x")
def test_every_name_that_is_taken_is_read_back_from_every_kind_of_file(name):
    if why_not_a_tag(name, others=[OTHER]) is not None:
        return
    with TemporaryDirectory() as folder:
        for file, content in files_with(name):
            path = Path(folder) / file
            path.write_bytes(content)
            assert said_by(path, name) == [{name, OTHER}, {name}], file


@pytest.mark.parametrize("name", ["a;b", "a|b", "a,b", "'sale'", "=1+1", "label", "tag 1"])
def test_what_is_refused_is_lost_in_some_file(name, tmp_path):
    assert why_not_a_tag(name)
    lost = []
    for file, content in files_with(name):
        (tmp_path / file).write_bytes(content)
        if said_by(tmp_path / file, name) != [{name, OTHER}, {name}]:
            lost.append(file)
    assert lost


def test_a_tag_of_before_with_an_odd_name_is_still_read(tmp_path):
    path = tmp_path / "old.csv"
    path.write_text("message,tags\none,none\n")
    assert said_by(path, "none") == [{"none"}]
