from training.datasets.reading import Example
from training.datasets.stats import describe, labels, warnings

SPLITS = {
    "train": [
        Example(message="ab", tags=("A", "B")),
        Example(message="abcd", tags=("A",), group="g"),
        Example(message="abc", tags=()),
    ],
    "test": [Example(message="abcdefg", tags=("B",), group="g", unknown=("A",))],
}


def test_counts_of_tags_groups_lengths_and_tags_that_go_together():
    assert describe(SPLITS, ["A", "B"]) == {
        "sizes": {"train": 3, "test": 1},
        "per_tag": {
            "A": {"train": 2, "test": 0},
            "B": {"train": 1, "test": 1},
            "none": {"train": 1, "test": 0},
        },
        "unknown": {"A": {"train": 0, "test": 1}},
        "groups": {"g": {"train": 1, "test": 1}},
        "lengths": {"shortest": 2, "median": 3.5, "mean": 4.0, "longest": 7},
        "average_tags": 1.0,
        "messages_by_number_of_tags": {"0": 1, "1": 2, "2": 1},
        "co_occurrence": {"tags": ["A", "B"], "matrix": [[2, 1], [1, 2]]},
    }


def test_warnings_name_what_a_split_or_the_whole_set_lacks():
    assert warnings(describe(SPLITS, ["A", "B"])["per_tag"], ["A", "B", "C"]) == [
        "C has no example and is left out",
        "A has no example in test",
        "none has no example in test",
    ]


def test_having_no_tag_and_a_targeted_group_are_labels_to_stratify_by():
    assert [labels(example) for example in SPLITS["train"]] == [
        ["A", "B"],
        ["A", "group g"],
        ["none"],
    ]
