"""Where messages come whose place is not free: what is held out, what is like it, and reviews."""

import hashlib
from collections.abc import Mapping, Sequence, Set

from training.datasets.duplicates import normalise
from training.datasets.splitting import STREAM, TEST, by_text


def fingerprint(message: str) -> str:
    return hashlib.sha256(normalise(message).encode()).hexdigest()


def places(
    messages: Sequence[str],
    clusters: Sequence[int],
    *,
    held: Mapping[str, str],
    sampled: Set[str],
    reviewed: Sequence[bool],
) -> list[str | None]:
    """The split of each message that has no choice; None for those that may be stratified.

    `held` as of `remembered`; `sampled`: normalised texts of the stream. The stream is for them
    alone; the rest of a cluster that has a message held out goes to test with it. Other clusters
    with a reviewed message go where a hash of their first text says, whatever else is there.
    """
    texts = [normalise(message) for message in messages]
    seen = [held.get(fingerprint(message)) if held else None for message in messages]
    first: dict[int, str] = {}
    barred, by_review = set(), set()
    for text, number, split, is_reviewed in zip(texts, clusters, seen, reviewed, strict=True):
        first[number] = min(first.get(number, text), text)
        if split or text in sampled:
            barred.add(number)
        if is_reviewed:
            by_review.add(number)
    found: list[str | None] = []
    for text, number, split in zip(texts, clusters, seen, strict=True):
        if text in sampled and split != TEST:
            found.append(STREAM)
        elif number in barred:
            found.append(TEST)
        else:
            found.append(by_text(first[number]) if number in by_review else None)
    return found
