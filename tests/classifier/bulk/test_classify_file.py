"""A file of messages goes through with its own columns, and each row has tags or says why not."""

import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command

from classifier import live, parallel
from classifier.bulk import files, rows
from classifier.serializers import answer

BUY, DEAL = "I want to buy this", "any discount?"


@pytest.fixture
def classified(keyword_model, tmp_path):
    """A function that classifies a file of some content: what stands in the output."""

    def go(content, name="in.jsonl", **options):
        source, target = tmp_path / name, tmp_path / f"out-{name}"
        source.write_bytes(content if isinstance(content, bytes) else content.encode())
        out = io.StringIO()
        call_command("classify_file", source, target, stdout=out, **options)
        assert sorted(tmp_path.glob(f"*{target.name}*")) == [target]
        assert " messages classified by keywords-1, " in out.getvalue()
        return target.read_bytes().decode()

    return go


def table(text, **options):
    return list(csv.DictReader(io.StringIO(text.removeprefix(rows.MARK)), **options))


def test_an_object_keeps_its_own_text_and_gets_the_answer_of_the_api(classified):
    own = '{"price": 1.10, "big": 12345678901234567890, "text": "any discount?", "e": "\\u00e9"'
    found = classified(f"{own}}}\n")
    assert found.startswith(f"{own}, ")
    said = json.loads(found)["classification"]
    assert said == {"tags": ["Deal-seeker"], **answer(live.current(), DEAL)}


def test_a_row_of_a_table_keeps_its_cells_and_gets_a_column_for_each_tag(classified):
    found = table(
        classified(f'id,Message,note\n1,"{BUY},\nany discount",a\n2,hello,"b;c"\n', "a.csv")
    )
    assert [(row["id"], row["Message"], row["note"]) for row in found] == [
        ("1", f"{BUY},\nany discount", "a"),
        ("2", "hello", "b;c"),
    ]
    assert set(found[0]["tags"].split(";")) == {"Hot-buyer", "Deal-seeker"}
    assert found[1]["tags"] == ""
    assert (
        float(found[0]["confidence_Hot-buyer"]) > 0.9 > float(found[0]["confidence_Wishlist-user"])
    )
    assert {row["model_version"] for row in found} == {"keywords-1"}
    assert {row["error"] for row in found} == {""}


def test_names_that_a_row_has_already_are_left_to_it(classified):
    found = table(classified(f"message,tags,error\n{BUY},mine,none\n", "a.csv"))[0]
    assert (found["tags"], found["error"]) == ("mine", "none")
    assert (found["beez_tags"], found["beez_error"]) == ("Hot-buyer", "")
    row = json.loads(classified(json.dumps({"message": BUY, "classification": 3})))
    assert row["classification"] == 3
    assert row["beez_classification"]["tags"] == ["Hot-buyer"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"message": "a"', "not valid JSON"),
        ("[1]", "not a JSON object"),
        ('{"id": 1}', "message is missing"),
        ('{"message": 3}', "Must be a string"),
        ('{"message": " "}', "may not be blank"),
        ('{"message": "a\\u0000"}', "ull characters"),
        ('{"message": "\\ud83d"}', "not valid UTF-8"),
        (b'{"message": "gr\xfc\xdfe"}', "not valid UTF-8"),
    ],
)
def test_a_bad_line_says_why_in_its_place_and_the_others_are_classified(classified, line, why):
    line = line if isinstance(line, bytes) else line.encode()
    good = json.dumps({"message": f"{BUY} ü"}, ensure_ascii=False).encode()
    lines = classified(b"\n".join([good, line, b"", good, b""])).splitlines()
    found = [json.loads(each) for each in lines]
    assert [list(each)[-1] for each in found] == ["classification", "error", "classification"]
    assert found[1]["error"].startswith("line 2: ")
    assert why in found[1]["error"]


def test_a_bad_row_of_a_table_says_why_in_its_place(classified):
    content = f'id;message\n1;{BUY}\n2;too;many\n3;\n\n4;"never closed\n5;{DEAL}\n'
    found = table(classified(content, "a.csv"), delimiter=";")
    assert [row["tags"] for row in found] == ["Hot-buyer", "", "", "", "Deal-seeker"]
    errors = [row["error"] for row in found]
    assert errors[1] == "line 3: 3 cells where the header has 2"
    assert errors[2].startswith("line 4: message: ")
    assert errors[3].startswith("line 6: a cell of the row that begins here has a quote")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_spreadsheets_encoding_is_read_and_the_output_opens_in_one(classified, encoding):
    found = classified(f"message;größe\n{BUY};5 €\n".encode(encoding), "a.csv")
    assert found.startswith(rows.MARK)
    assert table(found, delimiter=";")[0]["größe"] == "5 €"


def test_a_row_with_an_error_fails_a_strict_run_after_its_end(classified, tmp_path):
    with pytest.raises(CommandError, match=r"Rows with an error: 1"):
        classified(f'{{"message": "{BUY}"}}\nwrong\n', strict=True)
    assert len((tmp_path / "out-in.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "content", "out", "why"),
    [
        ("in.xlsx", b"PK", "out.xlsx", "unknown kind of file"),
        ("in.csv", b"message\na\n", "out.jsonl", "rows go out as they come in"),
        ("in.csv", b"id,name\n1,a\n", "out.csv", "must name the columns"),
        ("in.csv", b"", "out.csv", "must name the columns"),
        ("in.jsonl", b'[{"message": "a"}]', "out.jsonl", "not one JSON object a line"),
        ("in.jsonl", "é".encode("utf-16")[:3], "out.jsonl", "not valid UTF-16"),
        ("in.csv", b"message\na\n", "in.csv", "is what is read"),
        ("in.csv", b"message\na\n", "no/out.csv", "No such file"),
        ("in.csv", b"message\na\n", "there.csv", "--overwrite"),
    ],
)
@pytest.mark.usefixtures("keyword_model")
def test_what_cannot_be_done_is_said_and_nothing_is_left(tmp_path, name, content, out, why):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / name).write_bytes(content)
    (folder / "there.csv").write_text("mine")
    with pytest.raises(CommandError, match=why):
        call_command("classify_file", folder / name, folder / out)
    assert sorted(path.name for path in folder.iterdir()) == sorted({name, "there.csv"})
    assert (folder / name).read_bytes() == content
    assert (folder / "there.csv").read_text() == "mine"


@pytest.mark.usefixtures("keyword_model")
def test_an_output_that_is_there_is_replaced_where_that_is_asked_for(tmp_path):
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f"message\n{BUY}\n")
    target.write_text("old")
    call_command("classify_file", source, target, overwrite=True)
    assert table(target.read_text())[0]["tags"] == "Hot-buyer"


@pytest.mark.django_db
def test_without_a_model_nothing_is_written(tmp_path):
    (tmp_path / "in.csv").write_text("message\na\n")
    with pytest.raises(CommandError, match="No model is active"):
        call_command("classify_file", tmp_path / "in.csv", tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_no_more_of_a_file_is_read_than_is_soon_written(keyword_model, monkeypatch):
    read = 0

    def coming():
        nonlocal read
        while True:
            read += 1
            yield rows.Row(read, None if read % 2 else BUY, "wrong", ("", ()))

    class Form:
        def written(self, row, answer):
            return "x" * 100

    written = files._written(Form(), live.current(), coming())
    for number in range(1, 2_000):
        assert next(written)[0].line == number
        assert read <= number + 2 * files.TOGETHER * parallel.threads()
    written.close()
    monkeypatch.setattr(files, "CHUNK_ROWS", 10)
    monkeypatch.setattr(files, "CHUNK_CHARACTERS", 100)
    done = [(None, "x" * size) for size in [1] * 25 + [60] * 3]
    assert [len(chunk) for chunk in files._chunks(iter(done))] == [10, 10, 7, 1]
