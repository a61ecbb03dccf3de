"""The data set on disk: one JSON-lines file for each split, `tag2id.json` and `stats.json`.

A folder appears whole or not at all, and its splits never change; only `stats.json`, which also
tells what the latest reading of the input met, is replaced.
"""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.datasets.reading import Example

TAGS_FILE = "tag2id.json"
STATS_FILE = "stats.json"


def content_files(splits: Mapping[str, Sequence[Example]], tags: Sequence[str]) -> dict[str, bytes]:
    """Name and bytes of each file that the digest stands for."""
    files = {split_file(split): _json_lines(examples) for split, examples in splits.items()}
    files[TAGS_FILE] = json_bytes({tag: number for number, tag in enumerate(tags)})
    return files


def split_file(split: str) -> str:
    return f"{split}.jsonl"


def json_bytes(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def publish(folder: Path, *, files: Mapping[str, bytes], stats: Mapping[str, Any]) -> None:
    """Make `folder` hold `files` and `stats`; an intact one keeps its files, a damaged one goes.

    The caller holds a lock on the folder. OSError when it cannot be written.
    """
    draft, damaged = _beside(folder), _beside(folder)
    draft.mkdir(parents=True)
    try:
        _write(draft / STATS_FILE, json_bytes(stats))
        if all(_holds(folder / name, content) for name, content in files.items()):
            (draft / STATS_FILE).replace(folder / STATS_FILE)
            return
        for name, content in files.items():
            _write(draft / name, content)
        if folder.exists():
            folder.rename(damaged)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(damaged, ignore_errors=True)


def read_split(folder: Path, split: str, *, digest: str) -> list[Example]:
    """The examples of a split whose file has the sha256 `digest`; OSError or ValueError if not."""
    path = folder / split_file(split)
    content = path.read_bytes()
    if sha256(content) != digest:
        raise ValueError(f"{path.name} is not the file that was written")
    return [_example(json.loads(line)) for line in content.decode().split("\n") if line]


def _example(fields: dict[str, Any]) -> Example:
    return Example(
        message=fields["message"],
        tags=tuple(fields["tags"]),
        group=fields.get("group"),
        unknown=tuple(fields.get("unknown", ())),
        review=fields.get("review"),
    )


def _json_lines(examples: Sequence[Example]) -> bytes:
    return "".join(_line(example) for example in examples).encode()


def _line(example: Example) -> str:
    fields: dict[str, Any] = {"message": example.message, "tags": example.tags}
    if example.group:
        fields["group"] = example.group
    if example.unknown:
        fields["unknown"] = example.unknown
    if example.review:
        fields["review"] = example.review
    return json.dumps(fields, ensure_ascii=False) + "\n"


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content
