"""A file's text is found whatever program saved it, and what was assumed is said."""

import pytest

from beez.files.encoding import UnreadableError, decode, read

TEXT = "message,tags\r\nHow much is the café table – 40 €?,\r\nIs it 日本 made?,\r\n"
WESTERN = "message,tags\r\nHow much is the café table – 40 €?,\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_with_a_mark_or_in_utf_8_is_read_without_remark(encoding):
    found = decode(TEXT.encode(encoding))
    assert (found.content, found.remark) == (TEXT, None)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_known_by_its_mark_or_its_zeros(encoding, mark):
    assert decode((mark + TEXT).encode(encoding)).content == TEXT


def test_what_is_not_utf_8_is_windows_1252_and_that_is_said_with_the_first_line():
    found = decode(WESTERN.encode("cp1252"))
    assert found.content == WESTERN
    assert "Windows-1252 was assumed for 3 characters, the first in line 2" in found.remark


def test_a_broken_byte_in_utf_8_is_left_to_its_line():
    found = decode("é\n".encode() + b"\xff\n")
    assert (found.content, found.remark) == ("é\n\udcff\n", None)


def test_a_byte_that_windows_1252_does_not_have_is_left_to_its_line():
    assert decode(b"a\x81").content == "a\udc81"


def test_utf_16_that_breaks_off_is_refused_with_a_way_out():
    with pytest.raises(UnreadableError, match=r"not valid UTF-16 at byte .*save it again as UTF-8"):
        decode("hello".encode("utf-16")[:-1])


def test_a_file_that_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(UnreadableError, match="cannot be read: No such file"):
        read(tmp_path / "absent")
