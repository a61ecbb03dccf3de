"""Files of any size, read line by line, in the encoding for which `encoding.decode` takes them."""

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from beez.files import encoding
from beez.files.encoding import SURROGATE, WINDOWS, UnreadableError

PIECE = 1 << 20  # bytes
LONGEST_LINE = 8_000_000  # characters; what is longer comes as several lines
_NOT_WINDOWS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_ODD = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What a look at all of a file has found; `remark` as in `encoding.Text`."""

    path: Path
    encoding: str
    marked: bool  # as programs of Windows mark a text, with a byte order mark
    remark: str | None
    lines: int  # ends of lines, about
    digest: str


def examine(path: Path) -> Examined:
    """UnreadableError where the file cannot be opened, or breaks off in UTF-16 or UTF-32."""
    try:
        with path.open("rb") as file:
            wide = encoding.wide_encoding(file.read(encoding.SAMPLE))
            file.seek(0)
            look = _Look(wide)
            while piece := file.read(PIECE):
                look.at(piece)
            look.at(b"", final=True)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from error
    return Examined(
        path=path,
        encoding=look.encoding,
        marked=bool(wide) or look.begin.startswith(codecs.BOM_UTF8),
        remark=look.remark,
        lines=look.ends,
        digest=look.digest.hexdigest(),
    )


def lines(found: Examined, *, newline: str) -> Iterator[str]:
    """The file's lines with their ends; `newline` as of `open`."""
    with found.path.open(
        encoding=found.encoding, errors="surrogateescape", newline=newline
    ) as file:
        while line := file.readline(LONGEST_LINE):
            yield line


class _Look:
    """What is seen of a file, piece by piece."""

    def __init__(self, wide: str | None) -> None:
        self._wide = wide
        errors = "strict" if wide else "surrogateescape"
        self._decoder = codecs.getincrementaldecoder(wide or "utf-8-sig")(errors)
        self._odd, self._first_odd = 0, 0  # bytes beyond ASCII, the first one's line
        self._broken = self._letters = False  # bytes that are no UTF-8; letters that are
        self._not_windows = False
        self._size = self.ends = 0
        self.begin = b""
        self.digest = hashlib.sha256()

    def at(self, piece: bytes, *, final: bool = False) -> None:
        self.begin = self.begin or piece[:4]
        try:
            text = self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            raise encoding.broken_off(self._wide or "", self._size + error.start) from error
        if not text.isascii():
            self._broken = self._broken or bool(SURROGATE.search(text))
            self._letters = self._letters or not SURROGATE.sub("", text).isascii()
        if found := _ODD.search(piece):
            self._first_odd = self._first_odd or (
                self.ends + piece.count(b"\n", 0, found.start()) + 1
            )
            self._odd += len(_ODD.findall(piece))
            self._not_windows = self._not_windows or bool(_NOT_WINDOWS.search(piece))
        self.digest.update(piece)
        self.ends += piece.count(b"\n")
        self._size += len(piece)

    @property
    def encoding(self) -> str:
        hardly_utf_8 = self._broken and not self._letters and not self._not_windows
        return self._wide or (WINDOWS if hardly_utf_8 else "utf-8-sig")

    @property
    def remark(self) -> str | None:
        assumed = self.encoding == WINDOWS
        return encoding.windows_assumed(self._odd, self._first_odd) if assumed else None
