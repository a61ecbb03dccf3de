"""The list of what a backup holds, `backup.json`: written last, so what has none is no backup."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from beez.backup import BackupError

NAME = "backup.json"
FORMAT = 1
_CHUNK = 2**20


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What was saved when; `files` has the sha256 of each by its path inside the folder."""

    created_at: str
    beez: str
    postgres: int
    migrations: list[str]
    files: dict[str, str]
    format: int = FORMAT


def write(folder: Path, inventory: Inventory) -> None:
    """Whole or not at all."""
    draft = folder / f"{NAME}.draft"
    with draft.open("w") as file:
        json.dump(asdict(inventory), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / NAME)


def read(folder: Path) -> Inventory:
    """The list of a complete backup; BackupError where it is none."""
    path = folder / NAME
    try:
        fields = json.loads(path.read_bytes())
        if fields["format"] != FORMAT:
            raise BackupError(f"{path} is of a newer Beez: restore it with that one.")
        return Inventory(**fields)
    except FileNotFoundError:
        raise BackupError(
            f"{folder} is no complete backup: {NAME}, which is written last, is not there."
        ) from None
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise BackupError(f"{path} is damaged ({error}).") from error


def verify(folder: Path, inventory: Inventory) -> None:
    """Every file is as it was saved; BackupError names the first that is not."""
    for name, wanted in inventory.files.items():
        path = folder / name
        if not path.is_file():
            raise BackupError(f"{path} is missing: the backup is not whole.")
        if digest(path) != wanted:
            raise BackupError(f"{path} is damaged: its sha256 is not the one in {NAME}.")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy(source: Path, target: Path, *, told: Callable[[int], object] = lambda _: None) -> str:
    """Copy a file onto the disk, readable for its owner alone; returns the sha256 of what was
    written, and tells the bytes as they go."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(_CHUNK):
            writing.write(chunk)
            found.update(chunk)
            told(len(chunk))
        writing.flush()
        os.fsync(writing.fileno())
    return found.hexdigest()
