"""A file of any size is read in the encoding that a whole one is, and never as a whole."""

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beez.files import encoding, streams, tables
from beez.files.encoding import UnreadableError
from beez.files.json_objects import Bad

MESSAGES = "message\nGrüße — 5 €\nhello\n"
CONTENTS = st.one_of(
    st.binary(max_size=60),
    st.builds(
        str.encode,
        st.text("aé€\n,\ufeff😀", max_size=40),
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]),
    ),
    st.builds(bytes.__add__, st.just(b"caf\xe9, 5 \x80\n"), st.binary(max_size=9)),
)


@given(content=CONTENTS, piece=st.integers(1, 9))
@example(content=MESSAGES.encode("cp1252"), piece=1)
@example(content=MESSAGES.encode("utf-8-sig"), piece=1)
@example(content="caf\u00e9 \ufffd".encode() + b"\xff", piece=2)
def test_the_text_is_the_same_as_of_the_file_in_one_piece(tmp_path_factory, content, piece):
    path = tmp_path_factory.getbasetemp() / "stream"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "PIECE", piece)
        try:
            whole = encoding.decode(content)
        except UnreadableError:
            with pytest.raises(UnreadableError, match="not valid UTF"):
                streams.examine(path)
            return
        found = streams.examine(path)
        assert "".join(streams.lines(found, newline="\n")) == whole.content
        assert found.remark == whole.remark


def test_no_more_of_a_table_is_kept_than_a_row():
    read = 0

    def lines():
        nonlocal read
        yield "message\n"
        while read < 100_000:
            read += 1
            yield '"two\n' if read % 2 else 'lines"\n'

    found = tables.table(lines(), is_header=lambda header: "message" in header)
    assert next(found.rows) == (1, ["message"])
    for number in range(1, 1_000):
        assert next(found.rows) == (2 * number, ["two\nlines"])
        assert read <= 2 * number + 1


def test_the_end_of_a_quote_that_does_not_close_is_not_looked_for_in_the_whole_table(monkeypatch):
    monkeypatch.setattr(tables, "LONGEST_ROW", 1_000)
    text = 'message\n"never closed\n' + "one\n" * 10_000
    coming = iter(io.StringIO(text))
    found = tables.table(coming, is_header=lambda header: "message" in header)
    next(found.rows)
    bad = next(found.rows)
    assert isinstance(bad, Bad)
    assert bad.line == 2
    assert sum(1 for _ in coming) > 9_000
    assert next(found.rows) == (3, ["one"])
