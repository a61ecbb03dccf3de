"""Finds messages that are the same, or the same with other tags.

Duplicates are merged and conflicts left out, or settled as the caller chooses; all are listed
with their places. What staff said in a review outranks the files.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from training.datasets.records import Example, Record


@dataclass(frozen=True, kw_only=True)
class Unique:
    """What remains of the records, each normalised text once; places are `source:line`.

    `disputes`: the reviews of each text on which reviewers differ.
    """

    examples: list[Example]
    places: list[str]
    duplicates: list[list[str]]
    conflicts: list[list[tuple[str, tuple[str, ...]]]]
    joined: list[list[str]] = field(default_factory=list)
    corrected: list[list[str]] = field(default_factory=list)
    disputes: list[list[Record]] = field(default_factory=list)


def normalise(message: str) -> str:
    """The text by which messages count as the same: NFKC, case, punctuation and spaces folded."""
    folded = unicodedata.normalize("NFKC", message).casefold()
    words = "".join(" " if unicodedata.category(c)[0] == "P" else c for c in folded)
    return " ".join(words.split()) or re.sub(r"\s+", " ", folded)  # ":)" is punctuation alone


def merge(
    records: Sequence[Record], *, join_rows: bool = False, later_wins: bool = False
) -> Unique:
    """Records with the same text and tags become one example; with other tags, none.

    With `join_rows` the latter become one example with the tags of all; with `later_wins` the
    record of the later file counts (`records` are in the order of their files). A tag that a
    record is not labelled for makes no difference, and is unknown for the example only where no
    record knows it. Reviews outrank the files in the tags that they are about; where reviews
    contradict one another, the text is left out, whatever the options. Else the result does not
    depend on the order of the records, but for the order of the places.
    """
    same_text: dict[str, list[Record]] = {}
    for record in records:
        same_text.setdefault(normalise(record.example.message), []).append(record)
    kept: list[tuple[Example, str]] = []
    found: dict[str, list[Any]] = {
        "duplicates": [], "joined": [], "corrected": [], "conflicts": [], "disputes": []
    }  # fmt: skip
    for same in same_text.values():
        reviews = [record for record in same if record.example.review]
        files: Sequence[Record] = [record for record in same if not record.example.review]
        if _differing(reviews):
            found["disputes"].append(reviews)
            continue
        files = _by_the_later_file(files) if later_wins and files else files
        example = _settled(files, reviews, join_rows=join_rows)
        if example is None:
            found["conflicts"].append([(record.place, record.example.tags) for record in same])
            continue
        kept.append((example, (reviews or files)[0].place))
        if len(same) > 1:
            joined = not reviews and _differing(files)
            corrected = (later_wins or reviews) and _corrected(same, example)
            kind = "joined" if joined else "corrected" if corrected else "duplicates"
            found[kind].append([record.place for record in same])
    kept.sort(key=lambda pair: pair[0].message)
    return Unique(
        examples=[example for example, _ in kept], places=[place for _, place in kept], **found
    )


def _settled(
    files: Sequence[Record], reviews: Sequence[Record], *, join_rows: bool
) -> Example | None:
    """One example of records with the same text; None where files differ and no review settles it.

    What the files say counts for the tags that no review is about, but where they differ there.
    """
    said = _representative(reviews) if reviews else None
    if not files:
        return said
    before = _representative(files)
    differing = set() if join_rows else _differing(files)
    if said is None:
        return None if differing else before
    left = {tag for tag in before.tags if tag in said.unknown} - differing
    unknown = {tag for tag in said.unknown if tag in {*before.unknown, *differing}}
    return replace(
        said,
        tags=tuple(sorted({*said.tags, *left})),
        group=before.group,
        unknown=tuple(sorted(unknown)),
    )


def _by_the_later_file(same: Sequence[Record]) -> Sequence[Record]:
    """The records of the last file, with the older tags that those were not labelled for.

    A record that does not say what it was labelled for has the last word on every tag: a tag that
    was taken off everywhere would else occur nowhere in the later file, and count as unknown.
    """
    last = same[-1].source
    older = [record for record in same if record.source != last]
    if not older:
        return same
    before = _representative(_by_the_later_file(older))
    return [_over(before, record) for record in same if record.source == last]


def _over(before: Example, record: Record) -> Record:
    said = record.labelled_for
    left = [] if said is None else [tag for tag in before.tags if tag not in said]
    unknown = tuple(tag for tag in record.example.unknown if tag in before.unknown)
    tags = (*record.example.tags, *left)
    return replace(record, example=replace(record.example, tags=tags, unknown=unknown))


def _corrected(same: Sequence[Record], example: Example) -> bool:
    """Whether one of the records says otherwise of a tag that it was labelled for."""
    settled = set(example.tags)
    return any(settled - {*e.unknown} != {*e.tags} for e in (record.example for record in same))


def _differing(same: Sequence[Record]) -> set[str]:
    """The tags that one carries, and that another was labelled for and does not carry."""
    examples = [record.example for record in same]
    carried = {tag for example in examples for tag in example.tags}
    return {tag for e in examples for tag in carried - {*e.tags, *e.unknown}}


def _representative(same: Sequence[Record]) -> Example:
    """One example for all, whatever their order: first by text, first named group, tags sorted."""
    examples = [record.example for record in same]
    return Example(
        message=min(example.message for example in examples),
        tags=tuple(sorted({tag for example in examples for tag in example.tags})),
        group=min((example.group for example in examples if example.group), default=None),
        unknown=tuple(sorted(set.intersection(*(set(e.unknown) for e in examples)))),
        review=max((example.review for example in examples if example.review), default=None),
    )
