"""A trained model on disk: an immutable folder, and the manifest that describes and seals it.

`MODELS_DIR/<name>/` holds `model.onnx` (with an early exit `deeper.onnx` too), `tokenizer.json`, a
card and plots where there are some, and `manifest.json`, which names every other file with its
sha256. Nothing in it is code.
"""

import hashlib
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from classifier.manifest import DEEPER, FORMAT, MODEL, TOKENIZER, EarlyExit, Manifest, problems

__all__ = [
    "DEEPER",
    "FORMAT",
    "MANIFEST",
    "MODEL",
    "TOKENIZER",
    "ArtefactError",
    "EarlyExit",
    "Manifest",
    "publish",
    "read",
    "read_file",
    "read_manifest",
    "seal",
]

MANIFEST = "manifest.json"


class ArtefactError(Exception):
    """A model folder cannot be used; the message says what is wrong with which file."""


def publish(*, staging: Path, models_dir: Path, manifest: Manifest) -> Path:
    """Seal `staging` (on the file system of `models_dir`) and move it to `models_dir/<name>`.

    Whoever looks sees the whole folder or none. Raises ArtefactError where the name is taken,
    a file is missing or the manifest is not right.
    """
    contents = [path for path in sorted(staging.iterdir()) if path.name != MANIFEST]
    sealed = replace(manifest, files={path.name: _sha256(path) for path in contents})
    _check(sealed, staging / MANIFEST)
    target = models_dir / manifest.name
    if target.exists():
        raise ArtefactError(f"{target} exists already, and a model folder never changes.")
    try:
        text = json.dumps(asdict(sealed), indent=2, ensure_ascii=False, allow_nan=False)
        (staging / MANIFEST).write_text(text, encoding="utf-8")
        for path in (*staging.iterdir(), staging):
            _fsync(path)
        staging.rename(target)
        _fsync(models_dir)
    except (OSError, ValueError, TypeError) as error:
        raise ArtefactError(f"{staging} cannot become {target}: {error}") from error
    return target


def read(folder: Path) -> Manifest:
    """The manifest of `folder`, once every file in it has the sha256 that the manifest names."""
    manifest = read_manifest(folder)
    for name in manifest.files:
        read_file(folder, manifest=manifest, name=name)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest alone, its fields checked; the other files are not looked at."""
    path = folder / MANIFEST
    try:
        fields = json.loads(path.read_bytes())
        manifest = Manifest(**{**fields, **_tuples(fields)})
    except OSError as error:
        raise ArtefactError(f"{_name(path)} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise ArtefactError(f"{_name(path)} is not a manifest: {error}.") from error
    _check(manifest, path)
    return manifest


def read_file(folder: Path, *, manifest: Manifest, name: str) -> Path:
    """Path of a file that the manifest names, once its sha256 has been checked."""
    path = folder / name
    if name not in manifest.files:
        raise ArtefactError(f"{_name(path)} is not in the manifest.")
    if _sha256(path) != manifest.files[name]:
        raise ArtefactError(f"{_name(path)} is damaged: its sha256 is not the one in the manifest.")
    return path


def seal(folder: Path) -> str:
    """The sha256 of the manifest, which through it stands for every file of the folder."""
    return _sha256(folder / MANIFEST)


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that JSON gives back as lists and dictionaries."""
    early = fields.get("early_exit")
    return {
        "tags": tuple(fields["tags"]),
        "review_band": _band(fields.get("review_band")),
        "early_exit": None
        if early is None
        else EarlyExit(**{**early, "band": _band(early["band"])}),
    }


def _band(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check(manifest: Manifest, path: Path) -> None:
    found = "; ".join(problems(manifest))
    if found:
        raise ArtefactError(f"{_name(path)} is not right: {found}.")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ArtefactError(f"{_name(path)} cannot be read: {error.strerror}.") from error


def _name(path: Path) -> str:
    """Model and file. What is wrong is told to callers of the API too, where the model's folder
    lies is not."""
    return f"{path.parent.name}/{path.name}"


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
