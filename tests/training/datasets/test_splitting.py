from collections import Counter

import numpy as np
import pytest

from training.datasets import splitting
from training.datasets.splitting import DEALT, SHARES, split


def alone(labels):
    """Each message a cluster of its own."""
    messages = [f"message {i}" for i in range(len(labels))]
    return split(messages=messages, labels=labels, clusters=range(len(labels)))


def random_labels(count):
    rng = np.random.default_rng(1)
    drawn = rng.random((count, 5)) < (0.1, 0.2, 0.3, 0.15, 0.25)
    return [[name for name, on in zip("ABCDE", row, strict=True) if on] or ["-"] for row in drawn]


def test_every_label_has_its_share_in_every_split():
    labels = random_labels(800)
    chosen = alone(labels)
    for label in "ABCDE-":
        counts = Counter(s for s, some in zip(chosen, labels, strict=True) if label in some)
        total = sum(counts.values())
        for name, share in zip(DEALT, SHARES, strict=True):
            assert counts[name] == pytest.approx(share * total, abs=2)
    sizes = Counter(chosen)
    for name, share in zip(DEALT, SHARES, strict=True):
        assert sizes[name] == pytest.approx(share * 800, abs=8)


def test_the_order_of_the_messages_makes_no_difference():
    labels = random_labels(60)
    messages = [f"message {i}" for i in range(60)]
    forward = split(messages=messages, labels=labels, clusters=range(60))
    backward = split(messages=messages[::-1], labels=labels[::-1], clusters=range(60))
    assert backward[::-1] == forward


def test_a_cluster_is_never_cut_and_sizes_count_messages_not_clusters():
    clusters = [0] * 40 + [1] * 12 + list(range(2, 50))
    messages = [f"message {i}" for i in range(100)]
    chosen = split(messages=messages, labels=[["A"]] * 100, clusters=clusters)
    assert len(set(chosen[:40])) == len(set(chosen[40:52])) == 1
    assert Counter(chosen) == {"train": 67, "validation": 15, "test": 18}


@pytest.mark.parametrize("count", [3, 4, 5, 10, 29])
def test_even_a_few_messages_fill_every_split(count):
    for labels in ([["A"]] * count, [[f"only {i}"] for i in range(count)]):
        sizes = Counter(alone(labels))
        assert set(sizes) == set(DEALT)
        assert sizes["train"] == max(sizes.values())


def test_a_label_with_one_example_is_trained_on_and_with_two_tested_too():
    labels = [["common"]] * 40 + [["common", "once"]] + [["common", "twice"]] * 2
    chosen = alone(labels)
    assert chosen[40] == "train"
    assert sorted(chosen[41:]) == ["test", "train"]


def test_an_empty_split_is_filled_without_taking_a_labels_only_example():
    chosen = alone([["A"], ["A"], ["A"], ["B"], ["C"]])
    assert chosen[3] == chosen[4] == "train"
    assert set(chosen) == set(DEALT)


def test_fewer_than_three_clusters_cannot_be_split():
    with pytest.raises(ValueError, match="2 distinct messages cannot fill 3 splits"):
        split(messages=["a", "b", "c"], labels=[["A"]] * 3, clusters=[0, 0, 1])


def test_folds_give_each_message_one_part_and_each_label_its_share_in_every_part():
    messages = [f"message {i}" for i in range(60)]
    labels = [["rare"] if i < 6 else ["common"] for i in range(60)]
    fold = splitting.folds(messages=messages, labels=labels, clusters=range(60), k=3)
    assert np.bincount(fold).tolist() == [20, 20, 20]
    assert np.bincount(fold[:6], minlength=3).tolist() == [2, 2, 2]


def test_there_are_no_more_folds_than_distinct_messages():
    fold = splitting.folds(messages=["a", "b"], labels=[["x"], ["x"]], clusters=[0, 1], k=5)
    assert sorted(fold.tolist()) == [0, 1]
