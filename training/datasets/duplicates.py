"""Finds messages that are the same, the same with other tags, or nearly the same.

Exact duplicates are merged and conflicts left out, both listed with their places; near
duplicates stay in the data set and are grouped so that a split keeps them on one side.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.datasets.reading import Example, Record

SIMILARITY = 0.85  # cosine of TF-IDF vectors over character n-grams
NGRAMS = (3, 5)
_CHUNK = 256  # rows compared at once: 256 × 50,000 similarities take about 100 MB


@dataclass(frozen=True, kw_only=True)
class Unique:
    """What remains of the records, each normalised text once; places are `source:line`."""

    examples: list[Example]
    places: list[str]
    duplicates: list[list[str]]
    conflicts: list[list[tuple[str, tuple[str, ...]]]]


def normalise(message: str) -> str:
    """The text by which messages count as the same: NFKC, case, punctuation and spaces folded."""
    folded = unicodedata.normalize("NFKC", message).casefold()
    words = "".join(" " if unicodedata.category(c)[0] == "P" else c for c in folded)
    return " ".join(words.split()) or re.sub(r"\s+", " ", folded)  # ":)" is punctuation alone


def merge(records: Sequence[Record]) -> Unique:
    """Records with the same text and tags become one example; with other tags, none.

    A tag that a record is not labelled for makes no difference, and is unknown for the example
    only where no record knows it. The result does not depend on the order of the records, but for
    the order of the places.
    """
    same_text: dict[str, list[Record]] = {}
    for record in records:
        same_text.setdefault(normalise(record.example.message), []).append(record)
    kept: list[tuple[Example, str]] = []
    duplicates, conflicts = [], []
    for same in same_text.values():
        if _contradictory([record.example for record in same]):
            conflicts.append([(record.place, record.example.tags) for record in same])
            continue
        kept.append((_representative(same), same[0].place))
        if len(same) > 1:
            duplicates.append([record.place for record in same])
    kept.sort(key=lambda pair: pair[0].message)
    return Unique(
        examples=[example for example, _ in kept],
        places=[place for _, place in kept],
        duplicates=duplicates,
        conflicts=conflicts,
    )


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


def cluster(messages: Sequence[str]) -> list[int]:
    """A cluster number for each message: messages linked by a chain of near duplicates share it.

    Compares all pairs, a chunk of rows at a time, so that memory grows with the chunk alone.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=NGRAMS, dtype=np.float32)
    vectors = vectoriser.fit_transform([normalise(message) for message in messages])
    numbers = np.arange(len(messages))
    for start in range(0, len(messages), _CHUNK):
        similarity = (vectors[start : start + _CHUNK] @ vectors[start:].T).tocoo()
        near = similarity.data >= SIMILARITY
        pairs = numbers[similarity.row[near] + start], numbers[similarity.col[near] + start]
        links = coo_array((np.ones(near.sum(), bool), pairs), shape=(len(messages),) * 2)
        numbers = connected_components(links, directed=False)[1][numbers]
    return [int(number) for number in numbers]
