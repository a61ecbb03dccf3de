"""Excel workbooks are read, whatever their name ends in."""

from datetime import date

import pytest
from openpyxl import Workbook

from training.datasets.reading import read
from training.datasets.records import Problem, Record, Remark

TAGS = ["Hot-buyer", "Deal-seeker"]
TABLE = [
    ["message", "tags", None],
    ["I pay now", "Hot-buyer, Deal-seeker", "a note"],
    [None, None, None],
    [4711, "none", None],
    [date(2025, 3, 4), "none", None],
    ["#NAME?", "none", None],
]


@pytest.fixture
def workbook(tmp_path):
    """A function that writes sheets of rows and reads them: (records, problems, remarks)."""

    def go(name="data.xlsx", **sheets):
        book = Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(tmp_path / name)
        items = list(read(tmp_path / name, source=name, known_tags=TAGS, max_length=200))
        kinds = (Record, Problem, Remark)
        return tuple([item for item in items if isinstance(item, kind)] for kind in kinds)

    return go


@pytest.mark.parametrize("name", ["data.xlsx", "data.csv"])
def test_rows_are_read_with_their_numbers_and_other_sheets_are_told(workbook, name):
    records, problems, remarks = workbook(name, Notes=[["to do"]], Labels=TABLE)
    assert [(r.line, r.example.message, r.example.tags) for r in records] == [
        (2, "I pay now", ("Hot-buyer", "Deal-seeker")),
        (4, "4711", ()),
    ]
    assert [(p.line, p.reason.split(",")[0]) for p in problems] == [
        (5, "message is a date to the spreadsheet"),
        (6, "message is an error of the spreadsheet"),
    ]
    said = "\n".join(map(str, remarks))
    assert "the sheet 'Notes' is not read" in said
    assert "column 3 has no name" in said
    assert "a note" not in said


def test_a_workbook_without_such_a_table_is_refused(workbook):
    records, (problem,), _ = workbook(Notes=[["hello"], ["there"]])
    assert records == []
    assert problem.reason.startswith("in no sheet of the workbook: the first line must name")
