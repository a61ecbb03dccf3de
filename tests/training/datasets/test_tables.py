"""Tables are read as spreadsheets save them; what is wrong in one row is that row's alone."""

import pytest

from training.datasets.reading import read
from training.datasets.records import Problem, Record, Remark

TAGS = ["Hot-buyer", "Deal-seeker", "Size, fit"]


@pytest.fixture
def table(tmp_path):
    """A function that reads a text as a table: (records, problems, remarks)."""

    def go(text, name="data.csv", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        items = list(read(path, source=name, known_tags=TAGS, max_length=200, **options))
        kinds = (Record, Problem, Remark)
        return tuple([item for item in items if isinstance(item, kind)] for kind in kinds)

    return go


def labelled(records):
    return [(record.example.message, record.example.tags) for record in records]


WANTED = [("pay now, please", ("Hot-buyer", "Deal-seeker")), ("hello", ())]


@pytest.mark.parametrize(
    "text",
    [
        'message,tags\n"pay now, please",Hot-buyer;Deal-seeker\nhello,none\n',
        "message;tags\r\npay now, please;Hot-buyer,Deal-seeker\r\nhello;-\r\n",
        "message\ttags\npay now, please\tHot-buyer|Deal-seeker\nhello\tNone\n",
        "tags|message\nHot-buyer;Deal-seeker|pay now, please\nnone|hello",
        "sep=;\nmessage;tags\npay now, please;Hot-buyer,Deal-seeker\nhello;none",
        '"sep=\t"\nTags\tText\nHot-buyer,Deal-seeker\tpay now, please\nnone\thello',
        "\n;;\nMessage;Labels;\npay now, please;['Hot-buyer', 'Deal-seeker'];\nhello;[none];\n;;\n",
        'message,tag_1,tag_2\n"pay now, please",Hot-buyer,Deal-seeker\nhello,none,\n',
        'text,hot buyer,Deal-seeker\n"pay now, please",1,yes\nhello,0,\n',
    ],
    ids=["comma", "semicolon", "tab", "bar", "sep", "sep tab", "blank", "wide", "flags"],
)
def test_separators_and_ways_to_write_tags(table, text):
    records, problems, _ = table(text)
    assert labelled(records) == WANTED
    assert problems == []


def test_columns_of_0_and_1_say_what_a_row_was_labelled_for(table):
    (first, second), _, _ = table("text,Hot-buyer,Deal-seeker\na,1,0\nb,,\n", skip_unlabelled=False)
    assert first.labelled_for == ("Hot-buyer", "Deal-seeker")
    assert second.labelled_for is None
    (only,), _, _ = table("text,Hot-buyer\na,1\nb,\n", skip_unlabelled=True)
    assert only.example.message == "a"


def test_a_tag_with_a_comma_in_its_name_stays_whole(table):
    records, _, _ = table('message;tags\na;Size, fit\nb;"Hot-buyer;Size, fit"\n')
    assert [record.example.tags for record in records] == [
        ("Size, fit",),
        ("Hot-buyer", "Size, fit"),
    ]


def test_blank_rows_are_nothing_and_lines_are_still_counted_truly(table):
    records, problems, _ = table("message,tags,\n,,\n\na,Hot-buyer,\n , ,\nb,Hot-buyer,\n,,\n")
    assert [record.line for record in records] == [4, 6]
    assert problems == []


def test_a_column_without_a_name_is_told_by_its_number_and_never_by_its_text(table):
    records, problems, remarks = table("message,tags,,id\na,none,my secret,7\nb,none,,8\n")
    assert len(records) == 2
    said = [str(remark) for remark in remarks]
    assert said == [
        "data.csv: not read, for it is none of ours: 'id'",
        "data.csv: column 3 has no name and is not read (1 cells with text)",
    ]
    assert "secret" not in f"{said}{problems}"


def test_an_unclosed_quote_is_a_problem_where_its_row_begins_and_the_rest_is_read(table):
    text = 'message,tags\nfirst,none\n"she said ""no"" and left,none\nsecond,none\n"third",none\n'
    records, (problem,), _ = table(text)
    assert [record.example.message for record in records] == ["first", "second", "third"]
    assert problem.line == 3
    assert "quote that is not closed" in problem.reason


def test_lines_of_a_broken_row_that_are_no_rows_are_named_with_it(table):
    text = 'message,tags\n"dear shop" he wrote\nand so on\nand on,Hot-buyer\nlast,none\n'
    records, problems, _ = table(text)
    assert [problem.line for problem in problems] == [2, 4][: len(problems)]
    assert "left out up to line 3" in problems[0].reason
    assert records[-1].example.message == "last"


def test_a_quote_that_is_never_closed_does_not_swallow_the_table(table):
    records, (problem,), _ = table('message,tags\n"open,none\na,none\nb,none\n')
    assert [record.example.message for record in records] == ["a", "b"]
    assert problem.line == 2


def test_backslash_quotes_are_quotes_within_a_cell(table):
    text = 'message,tags\n"a \\"big\\" one, please",none\n"ends \\"so\\"",Hot-buyer\n"C:\\",none\n'
    records, problems, _ = table(text)
    assert problems == []
    assert [record.example.message for record in records] == [
        'a "big" one, please',
        'ends "so"',
        "C:\\",
    ]


def test_a_cell_of_200000_characters_is_a_problem_of_its_row(table):
    records, (problem,), _ = table(f"message,tags\na,none\n{'x' * 200_000},none\nb,none\n")
    assert len(records) == 2
    assert (problem.line, problem.reason[:30]) == (3, "message has 200000 characters;")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "cp1252"])
def test_encodings(table, encoding):
    records, _, remarks = table("message,tags\ncafé – 4 €,Hot-buyer\n".encode(encoding))
    assert labelled(records) == [("café – 4 €", ("Hot-buyer",))]
    assert ["Windows-1252" in str(remark) for remark in remarks] == [True] * (encoding == "cp1252")


def test_empty_tags_are_counted_aloud_and_can_be_left_out(table):
    text = "message,tags\na,Hot-buyer\nb,\nc,\nd,none\n"
    records, _, (remark,) = table(text)
    assert len(records) == 4
    assert remark.loud
    assert "2 of 4 rows have an empty tags cell" in remark.sentence
    assert "--unlabelled=skip" in remark.sentence
    records, _, (remark,) = table(text, skip_unlabelled=True)
    assert [record.example.message for record in records] == ["a", "d"]
    assert "2 of 4 rows have an empty tags cell and are left out" in remark.sentence


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello there;Hot-buyer\n", "the first line must name the columns message and tags"),
        ("message,tags,tags\na,,", "a column is named twice"),
        ("message,note\na,b", "the first line must name the columns message and tags"),
    ],
)
def test_a_table_whose_columns_cannot_be_made_out_is_refused_with_a_way_out(table, text, reason):
    records, (problem,), _ = table(text)
    assert records == []
    assert (problem.line, problem.reason[: len(reason)]) == (0, reason)
    assert "hello" not in problem.reason


def test_a_mark_that_is_neither_0_nor_1_and_a_comma_outside_quotes_are_problems(table):
    _, (problem,), _ = table("text,Hot-buyer\na,maybe\nb,1\n")
    assert (problem.line, problem.reason) == (
        2,
        "the column 'Hot-buyer' holds neither 0 nor 1 here",
    )
    _, (problem,), _ = table("message,tags\nwell, hello,none\nb,none\n")
    assert problem.reason.startswith("3 cells where the header has 2")
