"""The data set on disk: one JSON-lines file for each split, `tag2id.json` and `stats.json`.

A folder appears whole or not at all, and its splits never change, but for what is erased: such a
line stays as a number without a text, so that the others keep their place. Only `stats.json`, which
also tells what the latest reading of the input met, is replaced.
"""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.datasets.reading import Example

TAGS_FILE = "tag2id.json"
STATS_FILE = "stats.json"
ERASED = "erased"  # field of a line whose message is there no more
_TOMBSTONE = b'{"erased": true, "review": '


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
    rows = enumerate(map(json.loads, filter(None, content.decode().split("\n"))), start=1)
    return [_example(fields, line) for line, fields in rows if ERASED not in fields]


def erase(folder: Path, split: str, gone: Callable[[dict[str, Any]], bool]) -> tuple[int, bytes]:
    """Take the text of each line out whose fields are `gone`; how many there are, such as have
    been taken out before too, and what the file holds now. It is replaced whole. OSError or
    ValueError."""
    path = folder / split_file(split)
    lines = path.read_bytes().split(b"\n")
    found = [at for at, line in enumerate(lines) if _from_a_review(line) and gone(json.loads(line))]
    for at in found:
        review = json.loads(lines[at])["review"]
        lines[at] = _TOMBSTONE + str(review).encode() + b"}"
    content = b"\n".join(lines)
    if found:
        _exchange(path, content)
    return len(found), content


def erased_in(content: bytes) -> int:
    return content.count(_TOMBSTONE)


def write_stats(folder: Path, stats: Mapping[str, Any]) -> None:
    _exchange(folder / STATS_FILE, json_bytes(stats))


def _from_a_review(line: bytes) -> bool:
    """Told without reading it, for most lines are from files. A text cannot hold such a name:
    its quotation marks are escaped."""
    return b'"review": ' in line


def _example(fields: dict[str, Any], line: int) -> Example:
    return Example(
        line=line,
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


def _exchange(path: Path, content: bytes) -> None:
    """The file is the old one or the new one, whole, at any moment."""
    beside = _beside(path)
    _write(beside, content)
    beside.replace(path)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content
