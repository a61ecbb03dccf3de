"""Finds messages that are nearly the same, and groups them so that a split keeps them on one side.

Lines that stand in many messages, such as the footer of e-mails, say nothing of likeness and are
left out of the comparison.
"""

import html
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.datasets.duplicates import normalise

SIMILARITY = 0.85  # cosine of TF-IDF vectors over character n-grams
NGRAMS = (3, 5)
# A sentence or line of so many words is shared text when messages that say so many different
# things beside it have it.
SHARED_WORDS, SHARED_BY = 6, 5
# A chain of near duplicates that holds more than this, and this share of all, is cut where its
# links are weaker than the next of these.
LONG_CHAIN, LONG_SHARE = 30, 0.05
STRONGER = (0.90, 0.95)
_CHUNK = 256  # rows compared at once: 256 × 50,000 similarities take about 100 MB
_SENTENCE_END = re.compile(r"[.!?…]+\s|\n")
_MARKUP = re.compile(r"(?is)<(style|script|head)\b.*?</\1\s*>|<[a-z/!][^<>]*>")

Ints = NDArray[np.int64]


def cluster(messages: Sequence[str]) -> list[int]:
    """A cluster number for each message: messages linked by a chain of near duplicates share it.

    Compares all pairs, a chunk of rows at a time, so that memory grows with the chunk alone.
    """
    vectors = _vectors(messages)
    numbers = _linked(vectors, SIMILARITY)
    for similarity in STRONGER:
        sizes = np.bincount(numbers, minlength=1)
        for long in np.flatnonzero(sizes > max(LONG_CHAIN, LONG_SHARE * len(messages))):
            rows = np.flatnonzero(numbers == long)
            numbers[rows] = numbers.max() + 1 + _linked(vectors[rows], similarity)
    return [int(number) for number in np.unique(numbers, return_inverse=True)[1]]


def near(messages: Sequence[str], barred: Sequence[str]) -> list[bool]:
    """Whether each message is the same as one of `barred`, or nearly so (not through others)."""
    vectors = _vectors([*barred, *messages])
    others, found = vectors[: len(barred)].T, []
    for start in range(len(barred), vectors.shape[0], _CHUNK):
        similarity = (vectors[start : start + _CHUNK] @ others).max(axis=1)
        found += [bool(one >= SIMILARITY) for one in np.ravel(similarity.toarray())]
    return found


def comparable(messages: Sequence[str]) -> tuple[list[str], int]:
    """The normalised text of each message without shared text, and from how many that was taken.

    A message that is shared text throughout stays whole.
    """
    texts = [_without_markup(message) for message in messages]
    lines = [[_folded(line) for line in _SENTENCE_END.split(text)] for text in texts]
    shared = _shared(lines)
    found, taken = [], 0
    for text, some in zip(texts, lines, strict=True):
        own = [line for line in some if line and line not in shared]
        cut = bool(own) and not shared.isdisjoint(some)
        taken += cut
        found.append(" ".join(own) if cut else normalise(text))
    return found, taken


def _shared(lines: Sequence[Sequence[str]]) -> set[str]:
    """The long lines that stand beside SHARED_BY different texts, rarer lines being the text.

    So a question that many customers ask, each with the number of an order, is no shared text.
    """
    counts = Counter(line for some in lines for line in set(some))
    beside: dict[str, set[str]] = {}
    for some in lines:
        for line in some:
            if counts[line] >= SHARED_BY and line.count(" ") >= SHARED_WORDS - 1:
                rarer = " ".join(one for one in some if counts[one] < counts[line])
                beside.setdefault(line, set()).add(rarer)
    return {line for line, texts in beside.items() if len(texts - {""}) >= SHARED_BY}


def _without_markup(message: str) -> str:
    return html.unescape(_MARKUP.sub(" ", message)) if _MARKUP.search(message) else message


def _folded(line: str) -> str:
    """Dates and numbers differ from one footer to the next."""
    return re.sub(r"\d+", "0", normalise(line)).strip() if line.strip() else ""


def _vectors(messages: Sequence[str]) -> Any:
    """A row of unit length for each message (a sparse matrix of scipy)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=NGRAMS, dtype=np.float32)
    return vectoriser.fit_transform(comparable(messages)[0])


def _linked(vectors: Any, least: float) -> Ints:
    """A number for each row, the same for rows linked by a chain of similarities from `least`."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = vectors.shape[0]
    numbers: Ints = np.arange(count)
    for start in range(0, count, _CHUNK):
        similarity = (vectors[start : start + _CHUNK] @ vectors[start:].T).tocoo()
        close = similarity.data >= least
        pairs = numbers[similarity.row[close] + start], numbers[similarity.col[close] + start]
        links = coo_array((np.ones(close.sum(), bool), pairs), shape=(count, count))
        numbers = connected_components(links, directed=False)[1][numbers].astype(np.int64)
    return numbers
