"""Temporary folders of trainings: held while they are in use, and removed when nobody holds them.

A process that is killed cannot tidy up, so the next training does.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STAGING = ".staging-"
DRAFTS = ".[0-9a-f]*.[0-9a-f]*"  # of datasets.storage: digest and a random number
UNFINISHED = ".unfinished-*"  # of classifier.folders: a copy of a model, from a bucket perhaps
DRAFT_AGE = 3600.0  # seconds; writing a data set or fetching a model takes far less


@contextmanager
def staging_folder(models_dir: Path) -> Iterator[Path]:
    """A folder on the file system of the models, gone afterwards unless it was renamed."""
    models_dir.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=models_dir, prefix=STAGING))
    staging.chmod(0o755)  # served by other processes, perhaps of another user
    try:
        with _held(staging):
            yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def sweep(*, models_dir: Path, datasets_dir: Path) -> list[Path]:
    """Remove what killed trainings left in both folders; returns what was removed.

    For the one training that runs: nobody else makes staging folders. Drafts of data sets and
    copies of models, which others may be writing, go when they are old.
    """
    staging = [path for path in models_dir.glob(f"{STAGING}*") if not _is_held(path)]
    exports = list(models_dir.glob(".export-*"))  # of versions that had them here
    drafts = [*datasets_dir.glob(DRAFTS), *models_dir.glob(UNFINISHED)]
    removed = [*staging, *exports, *filter(_is_old, drafts)]
    for path in removed:
        shutil.rmtree(path, ignore_errors=True)
    return removed


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """A lock that the kernel takes back when the process ends, however it ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _is_held(folder: Path) -> bool:
    """Without locks its age decides: a training that is alive writes into it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return not _is_old(folder)
    finally:
        os.close(descriptor)
    return False


def _is_old(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > DRAFT_AGE
    except OSError:
        return False
