import pytest

from training.datasets.reading import Example, Problem, Record, Remark, read

TAGS = ["Hot-buyer", "Deal-seeker"]


@pytest.fixture
def read_bytes(tmp_path):
    def go(content: bytes, name: str = "data.jsonl", max_length: int = 100):
        path = tmp_path / name
        path.write_bytes(content)
        found = read(path, source=name, known_tags=TAGS, max_length=max_length)
        return [item for item in found if not isinstance(item, Remark)]

    return go


def reasons(items):
    return [(item.line, item.reason) for item in items if isinstance(item, Problem)]


def test_json_lines_become_examples_with_their_places(read_bytes):
    items = read_bytes(
        b'{"message": " I\'ll take it ", "tags": ["Hot-buyer"], "group": "g"}\n'
        b"\n"
        b'{"message": "hello", "tags": [], "_note": "anything"}\r\n'
    )
    assert items == [
        Record(
            example=Example(message="I'll take it", tags=("Hot-buyer",), group="g"),
            source="data.jsonl",
            line=1,
        ),
        Record(example=Example(message="hello", tags=()), source="data.jsonl", line=3),
    ]


def test_a_line_separator_inside_a_message_does_not_split_the_line(read_bytes):
    (record,) = read_bytes('{"message": "a\u2028b\x85c", "tags": []}'.encode())
    assert record.example.message == "a\u2028b\x85c"


def test_a_record_may_say_what_it_was_labelled_for(read_bytes):
    in_json = read_bytes(
        b'{"message": "a", "tags": ["Hot-buyer"], "labelled_for": ["Deal-seeker", "Hot-buyer"]}\n'
        b'{"message": "b", "tags": [], "labelled_for": null}'
    )
    in_csv = read_bytes(
        b"message,tags,labelled_for\na,Hot-buyer,Deal-seeker; Hot-buyer\nb,,\n", name="data.csv"
    )
    for items in (in_json, in_csv):
        assert [item.labelled_for for item in items] == [("Deal-seeker", "Hot-buyer"), None]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{oops", "not valid JSON: Expecting property name enclosed in double quotes at char"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"message": ' + b"9" * 5000 + b', "tags": []}', "not valid JSON"),
        (b'["a"]', "not a JSON object"),
        (b'{"tags": []}', "message is missing"),
        (b'{"message": 3, "tags": []}', "message is not a string"),
        (b'{"message": " \\u00a0 ", "tags": []}', "message is empty"),
        (b'{"message": "a\\u0000b", "tags": []}', "message holds a NUL character"),
        (b'{"message": "a\\ud800b", "tags": []}', "message is not valid UTF-8"),
        (b'{"message": "' + b"x" * 101 + b'", "tags": []}', "message has 101 characters; at most"),
        (b'{"message": "a"}', "tags is missing"),
        (b'{"message": "a", "tags": {"Hot-buyer": 1}}', "tags is not a list of strings"),
        (
            b'{"message": "a", "tags": "hot-buyer; x"}',
            "unknown tag 'hot-buyer' (did you mean 'Hot-",
        ),
        (b'{"message": "a", "tags": [1]}', "tags is not a list of strings"),
        (b'{"message": "a", "tags": ["hot-buyer"]}', "unknown tag 'hot-buyer'"),
        (b'{"message": "a", "tags": ["Hot-buyer", "Hot-buyer"]}', "a tag is named twice"),
        (b'{"message": "a", "message": "b", "tags": []}', "a field is named twice"),
        (b'{"message": "a", "tags": [], "group": " "}', "group is not a name"),
        (b'{"message": "caf\xe9 \xc3\xa9", "tags": []}', "not valid UTF-8"),
        (b'{"message": "a", "tags": [], "labelled_for": []}', "labelled_for names no tag"),
        (b'{"message": "a", "tags": [], "labelled_for": 3}', "labelled_for is not a list of"),
        (b'{"message": "a", "tags": [], "labelled_for": ["x"]}', "unknown tag 'x'"),
        (
            b'{"message": "a", "tags": ["Hot-buyer"], "labelled_for": ["Deal-seeker"]}',
            "labelled_for lacks 'Hot-buyer', which stands in tags",
        ),
    ],
)
def test_a_bad_line_is_a_problem_with_its_number_and_the_next_line_is_read(
    read_bytes, line, reason
):
    bad, good = read_bytes(line + b'\n{"message": "ok", "tags": []}')
    assert (bad.source, bad.line) == ("data.jsonl", 1)
    assert bad.reason.startswith(reason)
    assert good.example.message == "ok"


def test_a_problem_does_not_repeat_the_message(read_bytes):
    (problem,) = read_bytes(b'{"message": "my secret", "tags": ["x"]}')
    assert "secret" not in str(problem)


def test_csv_with_byte_order_mark_quoted_newlines_and_both_separators(read_bytes):
    items = read_bytes(
        b"\xef\xbb\xbfmessage,tags,group,_note\r\n"
        b'"two\r\nlines, ""quoted""",Hot-buyer;Deal-seeker,g,\r\n'
        b"plain,Hot-buyer | Deal-seeker,,x\r\n"
        b"none,,,\r\n",
        name="data.CSV",
    )
    both = ("Hot-buyer", "Deal-seeker")
    assert [item.example for item in items] == [
        Example(message='two\nlines, "quoted"', tags=both, group="g"),
        Example(message="plain", tags=both),
        Example(message="none", tags=()),
    ]
    assert [item.line for item in items] == [2, 4, 5]


def test_bad_csv_rows_are_problems_where_they_begin(read_bytes):
    items = read_bytes(
        b'message,tags\n"a\nb",x\nonly one\nc\xff\xc3\xa9,\n,Hot-buyer\nfine,\n', name="data.csv"
    )
    assert reasons(items) == [
        (2, "unknown tag 'x'"),
        (4, "1 cells where the header has 2 (a cell that holds a separator must stand in quotes)"),
        (5, "message is not valid UTF-8"),
        (6, "message is empty"),
    ]
    assert items[-1].example.message == "fine"


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "data.csv", "the first line must name the columns message and tags"),
        (b"hello,Hot-buyer\n", "data.csv", "the first line must name the columns"),
        (b"message,tags,tags\n", "data.csv", "a column is named twice"),
        (b"message,text\n", "data.csv", "the first line must name the columns message and tags"),
        (b"hello", "data.xlsx", "cannot be read as an Excel workbook"),
        (b"hello", "data.xls", "unknown kind of file '.xls' (known: .csv"),
        (b"\xff\xfeh", "data.csv", "cannot be read: it begins as UTF-16"),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_is_a_problem_of_the_whole_file(
    read_bytes, content, name, reason
):
    (problem,) = read_bytes(content, name=name)
    assert problem.line == 0
    assert problem.reason.startswith(reason)


def test_a_missing_file_and_a_folder_are_problems(tmp_path):
    (tmp_path / "folder.jsonl").mkdir()
    for name in ("absent.jsonl", "folder.jsonl"):
        (problem,) = read(tmp_path / name, source=name, known_tags=TAGS, max_length=9)
        assert problem.line == 0
        assert problem.reason.startswith("cannot be read: ")
