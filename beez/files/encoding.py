"""From a file's bytes to its text, whatever program saved it."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

# The mark of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WINDOWS = "cp1252"
SAMPLE = 4096  # bytes that are looked at for UTF-16 without a mark
SURROGATE = re.compile("[\ud800-\udfff]")


class UnreadableError(Exception):
    """The file as a whole cannot be used; the message is the reason."""


@dataclass(frozen=True)
class Text:
    """A file's text; `remark` says what was assumed about its encoding, if anything was."""

    content: str
    remark: str | None = None


def contents(path: Path) -> bytes:
    """The file's bytes; UnreadableError where it cannot be opened."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from error


def decode(content: bytes) -> Text:
    """UTF-8, UTF-16 or UTF-32 by mark or pattern, else Windows-1252, which the remark then says.

    In text that is UTF-8 but for some bytes, those become surrogates for their own line to fail.
    UnreadableError where UTF-16 or UTF-32 breaks off.
    """
    if wide := wide_encoding(content):
        return Text(_strictly(content, wide))
    text = content.decode("utf-8-sig", errors="surrogateescape")
    if not SURROGATE.search(text):
        return Text(text)
    rest = SURROGATE.sub("", text)
    if rest.isascii():  # no letter of UTF-8 beyond ASCII, so it is hardly UTF-8
        try:
            return _windows(content)
        except UnicodeDecodeError:
            pass
    return Text(text)


def read(path: Path) -> Text:
    """`decode` of the file's bytes; UnreadableError."""
    return decode(contents(path))


def wide_encoding(content: bytes) -> str | None:
    """The encoding of two or four bytes a character that the file is in, if it is in one."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return encoding
    sample = content[: SAMPLE - len(content[:SAMPLE]) % 2]
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if half and odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    if half and even > half * 0.4 and odd < half * 0.1:
        return "utf-16-be"
    return None


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise broken_off(encoding, error.start) from error


def broken_off(encoding: str, at: int) -> UnreadableError:
    name = encoding[:6].upper()
    return UnreadableError(
        f"cannot be read: it begins as {name} and is not valid {name} at byte {at}; "
        "save it again as UTF-8"
    )


def _windows(content: bytes) -> Text:
    text = content.decode(WINDOWS)
    odd = sum(not one.isascii() for one in text)
    first = next(number for number, line in enumerate(text.split("\n"), 1) if not line.isascii())
    return Text(text, windows_assumed(odd, first))


def windows_assumed(odd: int, first: int) -> str:
    """The remark on a file with so many characters beyond ASCII, the first in line `first`."""
    return (
        f"not UTF-8: Windows-1252 was assumed for {odd} characters, the first in line {first} "
        "(if letters look wrong, save the file as UTF-8)"
    )
