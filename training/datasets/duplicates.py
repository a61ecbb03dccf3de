"""Finds messages that are the same, or the same with other tags.

Duplicates are merged and conflicts left out, or settled as the caller chooses; all are listed
with their places.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from training.datasets.records import Example, Record


@dataclass(frozen=True, kw_only=True)
class Unique:
    """What remains of the records, each normalised text once; places are `source:line`."""

    examples: list[Example]
    places: list[str]
    duplicates: list[list[str]]
    conflicts: list[list[tuple[str, tuple[str, ...]]]]
    joined: list[list[str]] = field(default_factory=list)
    corrected: list[list[str]] = field(default_factory=list)


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
    record knows it. Else the result does not depend on the order of the records, but for the
    order of the places.
    """
    same_text: dict[str, list[Record]] = {}
    for record in records:
        same_text.setdefault(normalise(record.example.message), []).append(record)
    kept: list[tuple[Example, str]] = []
    found: dict[str, list[list[str]]] = {"duplicates": [], "joined": [], "corrected": []}
    conflicts = []
    for same in same_text.values():
        settled = _by_the_later_file(same) if later_wins else same
        contradictory = _contradictory([record.example for record in settled])
        if contradictory and not join_rows:
            conflicts.append([(record.place, record.example.tags) for record in same])
            continue
        kept.append((_representative(settled), settled[0].place))
        if len(same) > 1:
            corrected = later_wins and _corrected(same, kept[-1][0])
            kind = "joined" if contradictory else "corrected" if corrected else "duplicates"
            found[kind].append([record.place for record in same])
    kept.sort(key=lambda pair: pair[0].message)
    return Unique(
        examples=[example for example, _ in kept],
        places=[place for _, place in kept],
        conflicts=conflicts,
        **found,
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


def _contradictory(same: Sequence[Example]) -> bool:
    """Whether one carries a tag that another was labelled for and does not carry."""
    carried = {tag for example in same for tag in example.tags}
    return any(carried - {*example.tags, *example.unknown} for example in same)


def _representative(same: Sequence[Record]) -> Example:
    """One example for all, whatever their order: first by text, first named group, tags sorted."""
    examples = [record.example for record in same]
    return Example(
        message=min(example.message for example in examples),
        tags=tuple(sorted({tag for example in examples for tag in example.tags})),
        group=min((example.group for example in examples if example.group), default=None),
        unknown=tuple(sorted(set.intersection(*(set(e.unknown) for e in examples)))),
    )
