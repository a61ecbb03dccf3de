"""What a backup has beside the database, and where in Beez it belongs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from beez import env
from beez.backup import BackupError
from beez.launch import local

DATABASE = "database.dump"
SECRET_KEY = "secret_key"
MODELS, DATASETS = "models", "datasets"
SPARE = 200 * 2**20  # bytes that stay free


def folders() -> dict[str, Path]:
    return {MODELS: settings.MODELS_DIR, DATASETS: settings.DATASETS_DIR}


def files() -> Iterator[tuple[str, Path]]:
    """Name in the backup and place of each file of models and data sets, drafts left out."""
    for name, folder in folders().items():
        for path in sorted(folder.glob("[!.]*/*")):
            if path.is_file() and not path.name.startswith("."):
                yield f"{name}/{path.relative_to(folder)}", path


def secret_key() -> Path | None:
    """The key that Beez made itself; None where the settings give one, which is theirs to keep."""
    path = local.home() / SECRET_KEY
    given = env.string("SECRET_KEY_FILE", "")
    made = path.is_file() and path.read_text() == settings.SECRET_KEY
    return path if made and not given else None


def make_room(folder: Path, needed: int) -> None:
    """BackupError where `folder` (or where it will be) lacks the bytes."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed + SPARE:
        raise BackupError(
            f"Only {free // 2**20} MB are free where {folder} is; about "
            f"{(needed + SPARE) // 2**20} MB are needed. Make room, or choose another disk."
        )
