"""Splits a data set into train, validation and test so that every tag has its share in each.

Iterative stratification of multi-label data (Sechidis, Tsoumakas and Vlahavas, 2011), over
clusters of near duplicates in place of single messages: a cluster never spans two splits.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SPLITS = ("train", "validation", "test")
SHARES = (0.67, 0.15, 0.18)
SEED = 42

Ints = NDArray[np.int64]


def split(
    *, messages: Sequence[str], labels: Sequence[Sequence[str]], clusters: Sequence[int]
) -> list[str]:
    """The split of each message; the same for the same messages, whatever their order.

    Each message needs a label, such as "no tag". A label with one example has it in train, with
    two in train and test, with a handful in each. A split that would come out empty, as in a set
    of a few messages, is given one cluster from the largest. Under three clusters: ValueError.
    """
    return [SPLITS[number] for number in _deal(messages, labels, clusters, shares=SHARES)]


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
) -> Ints:
    """The number of the part of each message, in which parts have the given shares."""
    _, cluster_of = np.unique(np.asarray(clusters), return_inverse=True)
    sizes = np.bincount(cluster_of)
    if len(sizes) < len(shares):
        raise ValueError(f"{len(sizes)} distinct messages cannot fill {len(shares)} splits")
    order = _order(messages, cluster_of, sizes)
    counts = _counts(labels, cluster_of)[order]
    chosen = np.empty(len(sizes), dtype=np.int64)
    chosen[order] = _fill(_stratify(counts, sizes[order], shares), counts, sizes[order], shares)
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


def _stratify(counts: Ints, sizes: Ints, shares: Sequence[float]) -> Ints:
    """The split number of each cluster: rarest label first, to the split that wants it most."""
    wanted = np.outer(shares, counts.sum(axis=0))  # [splits, labels], messages
    wanted_sizes = np.array(shares) * sizes.sum()
    chosen = np.full(len(sizes), -1)
    while (left := chosen < 0).any():
        remaining = counts[left].sum(axis=0)
        label = np.where(remaining > 0, remaining, np.inf).argmin()
        for number in np.flatnonzero(left & (counts[:, label] > 0)):
            target = max(range(len(shares)), key=lambda i: (wanted[i, label], wanted_sizes[i]))
            chosen[number] = target
            wanted[target] -= counts[number]
            wanted_sizes[target] -= sizes[number]
    return chosen


def _fill(chosen: Ints, counts: Ints, sizes: Ints, shares: Sequence[float]) -> Ints:
    """Give an empty split a cluster of the fullest split, one whose labels stay best covered."""
    for empty in sorted(set(range(len(shares))) - set(chosen.tolist()), reverse=True):
        donor = np.bincount(chosen, minlength=len(SPLITS)).argmax()
        candidates = np.flatnonzero(chosen == donor)
        # After the move, how many messages would the candidate's scarcest label have left?
        after = counts[candidates].sum(axis=0) - counts[candidates]
        cover = np.where(counts[candidates] > 0, after, np.iinfo(np.int64).max).min(axis=1)
        chosen[candidates[np.lexsort((sizes[candidates], -cover))[0]]] = empty
    return chosen
