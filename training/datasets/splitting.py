"""Splits a data set into train, validation and test so that every tag has its share in each, around
messages whose place is settled.

Iterative stratification of multi-label data (Sechidis, Tsoumakas and Vlahavas, 2011), over
clusters of near duplicates in place of single messages: a cluster never spans two splits.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TEST, STREAM = "test", "stream"  # neither is learnt from
DEALT = ("train", "validation", TEST)
SHARES = (0.67, 0.15, 0.18)  # of these
SPLITS = (*DEALT, STREAM)
SEED = 42
NONE = -1  # in place of the number of a part

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def split(
    *,
    messages: Sequence[str],
    labels: Sequence[Sequence[str]],
    clusters: Sequence[int],
    placed: Sequence[str | None] | None = None,
) -> list[str]:
    """The split of each message; the same for the same messages, whatever their order.

    Each message needs a label, such as "no tag". A label with one example has it in train, with
    two in train and test, with a handful in each. A split that would come out empty, as in a set
    of a few messages, is given one cluster from the largest; only the stream may be empty.

    `placed` gives the split of messages that have one already, the same for a cluster (the stream
    aside); the others fill what is left of the shares. Where those that came to test are placed
    there the next time, nothing changes. ValueError where too little is left to deal.
    """
    chosen = list(placed or [None] * len(messages))
    dealt = [i for i, where in enumerate(chosen) if where != STREAM]
    numbers = _deal(
        [messages[i] for i in dealt],
        [labels[i] for i in dealt],
        [clusters[i] for i in dealt],
        shares=SHARES,
        placed=[NONE if (where := chosen[i]) is None else DEALT.index(where) for i in dealt],
        keep=DEALT.index(TEST),
    )
    for i, number in zip(dealt, numbers, strict=True):
        chosen[i] = DEALT[number]
    return [where for where in chosen if where is not None]


def by_text(text: str) -> str:
    """The split that a hash of `text` chooses, each with its share; it depends on nothing else."""
    number = int(hashlib.sha256(f"{SEED}:{text}".encode()).hexdigest()[:12], 16) / 16**12
    below = np.searchsorted(np.cumsum(SHARES), number, side="right")
    return DEALT[min(int(below), len(DEALT) - 1)]


def folds(
    *, messages: Sequence[str], labels: Sequence[Sequence[str]], clusters: Sequence[int], k: int
) -> Ints:
    """The fold, 0 to k - 1, of each message, as `split` would have it; fewer where k clusters
    cannot be had. Under two clusters: ValueError."""
    k = max(2, min(k, len(set(clusters))))
    return _deal(messages, labels, clusters, shares=[1 / k] * k)


def _deal(
    messages: Sequence[str],
    labels: Sequence[Sequence[str]],
    clusters: Sequence[int],
    *,
    shares: Sequence[float],
    placed: Sequence[int] | None = None,
    keep: int = NONE,
) -> Ints:
    """The number of the part of each message, in which parts have the given shares.

    `placed` as the parts of messages that have one already, NONE for others. What a deal gives to
    the part `keep` is placed there for the next deal, until one gives it nothing more: so whoever
    remembers what it got deals the same again, for the other parts follow from the rest.
    """
    _, cluster_of = np.unique(np.asarray(clusters), return_inverse=True)
    sizes = np.bincount(cluster_of)
    if len(sizes) < len(shares):
        raise ValueError(f"{len(sizes)} distinct messages cannot fill {len(shares)} splits")
    order = _order(messages, cluster_of, sizes)
    counts, sizes = _counts(labels, cluster_of)[order], sizes[order]
    fixed = np.full(len(sizes), NONE)
    if placed is not None:
        fixed[cluster_of] = placed
        fixed = fixed[order]
    while True:
        dealt = _stratify(counts, sizes, shares, fixed)
        dealt = _fill(dealt, counts, sizes, shares, movable=fixed != keep)
        new = (dealt == keep) & (fixed != keep)
        if keep == NONE or not new.any():
            break
        fixed[new] = keep
    chosen = np.empty(len(sizes), dtype=np.int64)
    chosen[order] = dealt
    return chosen[cluster_of]


def _order(messages: Sequence[str], cluster_of: Ints, sizes: Ints) -> list[int]:
    """Clusters by size, largest first, then as the seed shuffles their messages.

    The shuffle is a hash of the text, not a random generator: it is the same under every
    version of NumPy and does not move when the input is in another order.
    """
    keys = [""] * len(sizes)
    for message, number in zip(messages, cluster_of, strict=True):
        key = hashlib.sha256(f"{SEED}:{message}".encode()).hexdigest()
        keys[number] = min(keys[number] or key, key)
    return sorted(range(len(sizes)), key=lambda number: (-sizes[number], keys[number]))


def _counts(labels: Sequence[Sequence[str]], cluster_of: Ints) -> Ints:
    """Messages of each cluster with each label, [clusters, labels]."""
    names = sorted({name for some in labels for name in some})
    columns = {name: column for column, name in enumerate(names)}
    counts = np.zeros((cluster_of.max() + 1, len(names)), dtype=np.int64)
    for some, number in zip(labels, cluster_of, strict=True):
        counts[number, [columns[name] for name in some]] += 1
    return counts


def _stratify(counts: Ints, sizes: Ints, shares: Sequence[float], fixed: Ints) -> Ints:
    """The split number of each cluster: rarest label first, to the split that wants it most."""
    wanted = np.outer(shares, counts.sum(axis=0))  # [splits, labels], messages
    wanted_sizes = np.array(shares) * sizes.sum()
    chosen = fixed.copy()
    for part in range(len(shares)):
        wanted[part] -= counts[chosen == part].sum(axis=0)
        wanted_sizes[part] -= sizes[chosen == part].sum()
    while (left := chosen == NONE).any():
        remaining = counts[left].sum(axis=0)
        label = np.where(remaining > 0, remaining, np.inf).argmin()
        for number in np.flatnonzero(left & (counts[:, label] > 0)):
            target = max(range(len(shares)), key=lambda i: (wanted[i, label], wanted_sizes[i]))
            chosen[number] = target
            wanted[target] -= counts[number]
            wanted_sizes[target] -= sizes[number]
    return chosen


def _fill(
    chosen: Ints, counts: Ints, sizes: Ints, shares: Sequence[float], *, movable: Flags
) -> Ints:
    """Give an empty split a cluster of the fullest split, one whose labels stay best covered."""
    for empty in sorted(set(range(len(shares))) - set(chosen.tolist()), reverse=True):
        donor = np.bincount(chosen[movable], minlength=len(shares)).argmax()
        candidates = np.flatnonzero((chosen == donor) & movable)
        if not len(candidates) or (chosen == donor).sum() < 2:
            raise ValueError(
                f"{sizes[~movable].sum()} of {sizes.sum()} messages, and what is nearly the same, "
                "are held out for measuring, so nothing is left to learn from"
            )
        # After the move, how many messages would the candidate's scarcest label have left?
        after = counts[chosen == donor].sum(axis=0) - counts[candidates]
        cover = np.where(counts[candidates] > 0, after, np.iinfo(np.int64).max).min(axis=1)
        chosen[candidates[np.lexsort((sizes[candidates], -cover))[0]]] = empty
    return chosen
