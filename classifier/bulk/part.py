"""The unfinished output of a file's run, and the journal beside it that says how far it is whole.

The journal is exchanged once what it counts is on the disk. Whatever stands behind that, after a
kill or on a full disk, is cut off when the run goes on; nothing is lost and nothing is doubled.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, Self


class HeldError(Exception):
    """Another process writes it."""


@dataclass(frozen=True, kw_only=True)
class Journal:
    """What a run is of, so that no other goes on with it, and how far it is."""

    source: str  # digest of the file that is read
    settings: dict[str, Any]  # that bear on answers
    model_version: str
    threshold: float | None  # set by people for all tags
    thresholds: dict[str, float] = field(default_factory=dict)  # and for some
    rows: int = 0
    line: int = 0  # up to which the file has been read
    failed: int = 0  # of the rows
    size: int = 0  # bytes of output that are whole


class Part:
    """The files OUT.part and OUT.part.json; see `held`."""

    def __init__(self, target: Path, file: FileIO) -> None:
        self._target, self._file = target, file
        self._path = path_of(target)
        self._journal = self._path.with_name(f"{self._path.name}.json")

    def journal(self) -> Journal | None:
        """How far an earlier run came; None where there is nothing to go on with."""
        try:
            found = Journal(**json.loads(self._journal.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None
        return found if os.fstat(self._file.fileno()).st_size >= found.size else None

    def cut(self, size: int) -> None:
        self._file.truncate(size)
        self._file.seek(size)

    def append(self, content: bytes, journal: Journal) -> None:
        """`journal` counts the content. OSError, after which the one before holds."""
        left = memoryview(content)
        while left:
            left = left[self._file.write(left) or 0 :]
        os.fsync(self._file.fileno())
        beside = self._journal.with_name(f"{self._journal.name}~")
        with beside.open("w") as file:
            json.dump(asdict(journal), file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._journal)

    def finish(self) -> None:
        """The output under its own name."""
        self._path.replace(self._target)
        self._journal.unlink(missing_ok=True)
        self.sync_folder()

    def discard(self) -> None:
        """For a run that has not begun."""
        if not os.fstat(self._file.fileno()).st_size and not self._journal.exists():
            self._path.unlink(missing_ok=True)

    def sync_folder(self) -> None:
        with suppress(OSError):  # a file system that has no such thing
            descriptor = os.open(self._target.parent, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    @classmethod
    @contextmanager
    def held(cls, target: Path) -> Iterator[Self]:
        """Locked against other runs, for as long as the process lives. OSError, HeldError."""
        number = os.open(path_of(target), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        with FileIO(number, "r+") as file:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise HeldError from None
            except OSError:  # a file system without locks
                pass
            part = cls(target, file)
            try:
                yield part
            finally:
                part.discard()


def path_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")
