"""From files of labelled messages, and reviews, to a prepared data set, in one function: `prepare`.

The same messages, tags, reviews and split parameters give the same splits and so the same digest,
folder and row, whatever file or line they stand in. Preparing again after a version was trained
from them changes nothing either: what is held out then is what stood in test anyway.
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from classifier.models import Tag
from classifier.tags import in_use as tags_in_use
from conversations.models import Review
from training.datasets import (
    files,
    gathering,
    holdout,
    near_duplicates,
    placing,
    reviews,
    splitting,
    storage,
    unknown_tags,
)
from training.datasets.duplicates import Unique, merge
from training.datasets.files import PLAIN_FILE, SEED_FILE
from training.datasets.gathering import DatasetError
from training.datasets.near_duplicates import NGRAMS, SIMILARITY
from training.datasets.options import Options
from training.datasets.records import Example
from training.datasets.report import SETTLE
from training.datasets.stats import describe, labels, warnings
from training.datasets.stored import folder_of, load_split, load_tags, lock_against_erasing
from training.models import Dataset

__all__ = [
    "PLAIN_FILE",
    "SEED_FILE",
    "DatasetError",
    "Example",
    "folder_of",
    "load_split",
    "load_tags",
    "prepare",
]

PARAMETERS: dict[str, Any] = {
    "format": 2,
    "shares": dict(zip(splitting.DEALT, splitting.SHARES, strict=True)),
    "seed": splitting.SEED,
    "near_duplicates": {"similarity": SIMILARITY, "ngrams": list(NGRAMS)},
}


def prepare(
    paths: Sequence[Path] = (),
    *,
    options: Options | None = None,
    known_tags: Sequence[str] | None = None,
) -> Dataset:
    """Read, check, deduplicate, split and store; returns the row, whose `stats` tell all.

    What staff said of messages in reviews is read beside the files, and outranks them. Without
    paths TRAINING_FILES are read, and without those the shipped messages. `known_tags` are the
    tags that may occur, in the order of the model's outputs (default: the `Tag` rows in use by
    stage and name); those without an example are left out. `options` say how to read what can be
    read in two ways (default: TRAINING_READING). DatasetError when too many records are bad, a
    file cannot be read, or too little is left to split.
    """
    while True:
        try:
            return _prepare(paths, options=options or Options.of_settings(), known_tags=known_tags)
        except _ErasedMeanwhileError:
            continue


class _ErasedMeanwhileError(Exception):
    """A conversation was erased whose messages are in what is about to be stored."""


def _prepare(
    paths: Sequence[Path], *, options: Options, known_tags: Sequence[str] | None
) -> Dataset:
    known, retired = _tags() if known_tags is None else (list(known_tags), [])
    found = gathering.gather(
        files.of(paths),
        known_tags=[*known, *retired],
        max_length=settings.MAX_MESSAGE_LENGTH,
        max_bad_share=options.max_bad_share,
        skip_unlabelled=options.skip_unlabelled,
    )
    reviewed = reviews.Reviewed()
    if not options.no_reviews:
        reviewed = reviews.gather(known, max_length=settings.MAX_MESSAGE_LENGTH)
    unique = merge(
        [*unknown_tags.without(found.records, retired), *reviewed.records],
        join_rows=options.join_rows,
        later_wins=options.later_wins,
    )
    tags, examples = _in_order(unique, known)
    examples, assumed = unknown_tags.with_negatives(examples, tags)
    messages = [example.message for example in examples]
    clusters, shared = near_duplicates.cluster(messages), near_duplicates.comparable(messages)[1]
    splits = _split(examples, clusters, sampled=reviewed.sampled)
    content = describe(splits, tags)
    stats = {
        "tags": tags,
        "parameters": PARAMETERS,
        **content,
        "warnings": [
            *(str(remark) for remark in found.remarks if remark.loud),
            *warnings(content["per_tag"], known),
            *assumed,
        ],
        "input": gathering.report(found, reviewed, unique, clusters) | {"shared_text": shared},
    }
    return _store(
        _digest(splits, tags, shared_text=bool(shared)),
        splits=splits,
        stats=stats,
        reviewed=[record.line for record in reviewed.records],
    )


def _tags() -> tuple[list[str], list[str]]:
    """The names of the tags that may be given, and of those that are retired: files may have them
    still, and nothing is learnt of them."""
    known = list(tags_in_use().values_list("name", flat=True))
    return known, list(Tag.objects.exclude(name__in=known).values_list("name", flat=True))


def _in_order(unique: Unique, known_tags: Sequence[str]) -> tuple[list[str], list[Example]]:
    """The tags in use in the order of `known_tags`, and the examples with theirs in that order."""
    examples = unique.examples
    used = {tag for example in examples for tag in example.tags}
    if not used:
        raise DatasetError(f"no message carries a tag, so there is nothing to learn{_lost(unique)}")
    tags = [tag for tag in known_tags if tag in used]
    return tags, [
        replace(
            example,
            tags=tuple(tag for tag in tags if tag in example.tags),
            unknown=tuple(tag for tag in tags if tag in example.unknown),
        )
        for example in examples
    ]


def _lost(unique: Unique) -> str:
    """What conflicts have to do with it, if any."""
    if not unique.conflicts:
        return ""
    lost = len(unique.conflicts)
    return f"; {lost} were left out, for they stand there with other tags too. {SETTLE}"


def _split(
    examples: Sequence[Example], clusters: Sequence[int], *, sampled: Set[str]
) -> dict[str, list[Example]]:
    messages = [example.message for example in examples]
    try:
        chosen = splitting.split(
            messages=messages,
            labels=[labels(example) for example in examples],
            clusters=clusters,
            placed=placing.places(
                messages,
                clusters,
                held=holdout.remembered(),
                sampled=sampled,
                reviewed=[example.review is not None for example in examples],
            ),
        )
    except ValueError as error:
        raise DatasetError(f"the data set is too small: {error}") from error
    placed = list(zip(examples, chosen, strict=True))
    return {name: [e for e, split in placed if split == name] for name in splitting.SPLITS}


def _digest(
    splits: Mapping[str, Sequence[Example]], tags: Sequence[str], *, shared_text: bool
) -> str:
    """Identifies the content: tags in order, the sorted examples of each split, and everything
    that shapes the splits."""
    content = {
        "parameters": PARAMETERS,
        "tags": tags,
        "splits": {
            name: [[e.message, e.tags, e.group, e.unknown, e.review] for e in examples]
            for name, examples in splits.items()
        },
        "shared_text": shared_text,
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return storage.sha256(text.encode())


def _store(
    digest: str,
    *,
    splits: Mapping[str, Sequence[Example]],
    stats: dict[str, Any],
    reviewed: Sequence[int],
) -> Dataset:
    """Folder and row, one preparation at a time; a second one of the same content renews both.

    Nothing of the reviews `reviewed` is stored where one of them was erased since it was read; who
    erases later finds the folder.
    """
    contents = storage.content_files(splits, stats["tags"])
    stats["files"] = {name: storage.sha256(content) for name, content in contents.items()}
    folder = folder_of(digest)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(digest[:15], 16)])
        lock_against_erasing()
        if Review.objects.filter(pk__in=reviewed).count() < len(reviewed):
            raise _ErasedMeanwhileError
        try:
            storage.publish(folder, files=contents, stats=stats)
        except OSError as error:
            raise DatasetError(f"cannot write {folder}: {error.strerror or error}") from error
        facts = {"sources": stats["input"]["sources"], "sizes": stats["sizes"], "stats": stats}
        dataset, _ = Dataset.objects.update_or_create(digest=digest, defaults=facts)
    return dataset
