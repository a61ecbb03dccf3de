"""Where model folders are: `MODELS_DIR/<name>`, and a bucket where MODELS_STORAGE names one.

With a bucket every version is in it, and `MODELS_DIR` holds this machine's copies: fetched when
first wanted, verified, used in place from then on. Without one `MODELS_DIR` is all there is.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages

from classifier import artefact
from classifier.artefact import MANIFEST, ArtefactError, Manifest

WAY_OUT = "Put it back from a backup (`manage.py register FOLDER`) or activate another version."
COPIES = 5  # folders that a machine keeps of a bucket: a few, to go back without fetching
_UNFINISHED = ".unfinished-"  # how the names of folders begin that are being written


class StorageError(ArtefactError):
    """The bucket cannot be used. The message has the words of its client, with addresses, so it
    is for whoever runs Beez and not for callers of the API."""


def path(name: str) -> Path:
    """Where the folder of that name is on this machine, if it is there."""
    folder: Path = settings.MODELS_DIR / name
    return folder


def local(name: str, *, seal: str) -> Path:
    """The folder whose manifest has the sha256 `seal`, fetched first where it is not here.

    Raises ArtefactError, with what to do.
    """
    folder = path(name)
    if (bucket := _bucket()) is not None:
        return _copy_of(bucket, name, seal)
    if not folder.exists():
        raise ArtefactError(f"The folder of the model {name} is missing. {WAY_OUT}")
    if artefact.seal(folder) != seal:
        raise ArtefactError(f"{name} is not the folder that was registered. {WAY_OUT}")
    return folder


def add(source: Path, manifest: Manifest, *, replace: bool) -> None:
    """Copy the verified folder `source` to its name beside the others, whole or not at all.

    With `replace` what is there under that name is damaged and gives way. ArtefactError.
    """
    target = path(manifest.name)
    if source.resolve() == target.resolve() or _is_whole(target, artefact.seal(source)):
        return
    if target.exists() and not replace:
        raise ArtefactError(f"{target} is there already and holds another model: move it away.")
    with _alone(), _unfinished(manifest.name) as staging:
        try:
            for file in (*manifest.files, MANIFEST):
                shutil.copyfile(source / file, staging / file)
        except OSError as error:
            raise ArtefactError(f"{source} cannot be copied to {target}: {error}.") from error
        _finish(staging, manifest.name, artefact.seal(source))


def share(name: str) -> None:
    """Put the folder into the bucket, where there is one and it is not there yet.

    The manifest comes last: what has none is no version, whatever broke an upload. ArtefactError.
    """
    if (bucket := _bucket()) is None:
        return
    folder = path(name)
    manifest = artefact.read(folder)
    if (there := _seal_in(bucket, name)) == artefact.seal(folder):
        return
    if there is not None:
        raise ArtefactError(f"The bucket has another model {name}, and a model never changes.")
    for file in (*manifest.files, MANIFEST):
        with _told(f"The model {name} cannot be stored"), (folder / file).open("rb") as content:
            bucket.save(f"{name}/{file}", File(content))


def state(name: str, *, seal: str) -> str:
    """What is wrong with the folder, in a sentence; empty when every file is as registered."""
    folder = path(name)
    try:
        if not folder.exists() and (bucket := _bucket()) is not None:
            if _seal_in(bucket, name) != seal:
                raise ArtefactError(f"The bucket does not have the model {name}. {WAY_OUT}")
            return ""
        artefact.read(local(name, seal=seal))
    except ArtefactError as error:
        return str(error)
    return ""


def size(name: str) -> int:
    """Bytes of the folder on this machine, or else in the bucket; 0 where it is in neither."""
    folder = path(name)
    if folder.is_dir():
        return sum(file.stat().st_size for file in folder.iterdir())
    if (bucket := _bucket()) is None:
        return 0
    with _told(f"The model {name} cannot be looked at"):
        return sum(bucket.size(f"{name}/{file}") for file in bucket.listdir(name)[1])


def remove(name: str) -> None:
    """Take the folder away, here and in the bucket. ArtefactError where that cannot be done."""
    if (bucket := _bucket()) is not None:
        with _told(f"The model {name} cannot be removed"):
            files = bucket.listdir(name)[1]
            for file in sorted(files, key=lambda file: file != MANIFEST):  # the seal goes first
                bucket.delete(f"{name}/{file}")
    _discard(path(name))


def _bucket() -> Storage | None:
    """A new one each time, for a forked process must not use its parent's connection."""
    options = settings.STORAGES.get("models")
    return None if options is None else storages.create_storage(options)


def _copy_of(bucket: Storage, name: str, seal: str) -> Path:
    folder = path(name)
    if not _is_whole(folder, seal):
        with _alone():
            if not _is_whole(folder, seal):  # nobody else has fetched it meanwhile
                _fetch(bucket, name, seal)
                _make_room(bucket)
    os.utime(folder)  # `_make_room` takes away what has not been wanted for longest
    return folder


def _is(folder: Path, seal: str) -> bool:
    try:
        return artefact.seal(folder) == seal
    except ArtefactError:
        return False


def _is_whole(folder: Path, seal: str) -> bool:
    try:
        artefact.read(folder)
    except ArtefactError:
        return False
    return _is(folder, seal)


def _fetch(bucket: Storage, name: str, seal: str) -> None:
    if (found := _seal_in(bucket, name)) is None:
        raise ArtefactError(f"Neither this machine nor the bucket has the model {name}. {WAY_OUT}")
    if found != seal:
        raise ArtefactError(f"The model {name} in the bucket is not the one that was registered.")
    with _unfinished(name) as staging:
        _download(bucket, f"{name}/{MANIFEST}", staging / MANIFEST)
        for file in artefact.read_manifest(staging).files:
            _download(bucket, f"{name}/{file}", staging / file)
        _finish(staging, name, seal)


def _download(bucket: Storage, source: str, target: Path) -> None:
    what = f"{source} cannot be fetched from the bucket"
    with _told(what), bucket.open(source) as content, target.open("wb") as file:
        shutil.copyfileobj(content, file)


def _finish(staging: Path, name: str, seal: str) -> None:
    """Verify every file of `staging` and give it its name."""
    artefact.read(staging)
    if not _is(staging, seal):
        raise ArtefactError(f"The model {name} changed while it was copied. Try again.")
    _discard(path(name))
    staging.rename(path(name))


def _seal_in(bucket: Storage, name: str) -> str | None:
    """The sha256 of the manifest that the bucket has, None where it has none."""
    with _told(f"The bucket cannot be asked for the model {name}"):
        try:
            with bucket.open(f"{name}/{MANIFEST}") as file:
                return hashlib.sha256(file.read()).hexdigest()
        except FileNotFoundError:
            return None


def _make_room(bucket: Storage) -> None:
    """Keep the COPIES folders that were wanted last, of those that the bucket has as well."""
    folders = [file.parent for file in settings.MODELS_DIR.glob(f"[!.]*/{MANIFEST}")]
    for folder in sorted(folders, key=lambda one: one.stat().st_mtime, reverse=True)[COPIES:]:
        with suppress(ArtefactError):  # then it stays until the next time
            if _seal_in(bucket, folder.name) == artefact.seal(folder):
                _discard(folder)


def _discard(folder: Path) -> None:
    """Take it away at once for whoever looks: it is renamed before it is deleted."""
    if folder.exists():
        gone = folder.with_name(f"{_UNFINISHED}gone-{folder.name}")
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


@contextmanager
def _unfinished(name: str) -> Iterator[Path]:
    """An empty folder beside the others, gone afterwards unless it was renamed."""
    staging = path(f"{_UNFINISHED}{name}")
    shutil.rmtree(staging, ignore_errors=True)  # of a process that was killed
    staging.mkdir()
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def _alone() -> Iterator[None]:
    """One thread of one process on this machine at a time writes into MODELS_DIR."""
    settings.MODELS_DIR.mkdir(parents=True, exist_ok=True)
    with path(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Each storage has errors of its own: they become one sentence."""
    try:
        yield
    except ArtefactError:
        raise
    except Exception as error:
        raise StorageError(f"{what}: {error}") from error
