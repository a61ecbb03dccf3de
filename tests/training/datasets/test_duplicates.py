import itertools

import pytest

from training.datasets.duplicates import cluster, merge, normalise
from training.datasets.reading import Example, Record


def record(message, *tags, line=1, group=None, unknown=()):
    example = Example(message=message, tags=tags, group=group, unknown=unknown)
    return Record(example=example, source="f.jsonl", line=line)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("I'll take it!", "i'll  take\tit"),
        ("ﬁne ＡＢＣ", "fine abc"),
        ("Straße", "STRASSE"),
        ("ok :)", "ok"),
        ("so - what", "so what"),
    ],
)
def test_case_width_punctuation_and_spaces_make_no_difference(a, b):
    assert normalise(a) == normalise(b)


def test_punctuation_alone_and_symbols_stay_apart():
    assert len({normalise(text) for text in (":)", "?", "👍", "👎", "$5", "€5")}) == 6


def test_the_same_text_with_the_same_tags_becomes_one_example():
    unique = merge(
        [
            record("Hello!", "A", "B", line=1),
            record("hello", "B", "A", line=5, group="g"),
            record("other", line=7),
        ]
    )
    assert unique.examples == [
        Example(message="Hello!", tags=("A", "B"), group="g"),
        Example(message="other", tags=()),
    ]
    assert unique.places == ["f.jsonl:1", "f.jsonl:7"]
    assert unique.duplicates == [["f.jsonl:1", "f.jsonl:5"]]
    assert unique.conflicts == []


def test_the_same_text_with_other_tags_is_a_conflict_and_in_no_example():
    unique = merge([record("Hi", "A", line=1), record("hi!", line=2), record("hi", "A", line=3)])
    assert unique.examples == []
    assert unique.conflicts == [[("f.jsonl:1", ("A",)), ("f.jsonl:2", ()), ("f.jsonl:3", ("A",))]]


def test_copies_tell_each_other_the_tags_that_only_one_was_labelled_for():
    copies = [
        record("Hi", "A", unknown=("B", "C", "D"), line=1),
        record("hi!", "B", unknown=("A", "C"), line=2),
    ]
    for records in (copies, copies[::-1]):
        unique = merge(records)
        assert unique.examples == [Example(message="Hi", tags=("A", "B"), unknown=("C",))]
        assert unique.conflicts == []


def test_copies_that_differ_in_a_tag_that_both_know_are_a_conflict():
    unique = merge([record("Hi", "A", unknown=("B",)), record("hi", "B")])
    assert unique.examples == []
    assert len(unique.conflicts) == 1


def test_examples_do_not_depend_on_the_order_of_the_records():
    records = [
        record("Hello", "B", "A", group="x"),
        record("hello", "A", "B", group="y"),
        record("HELLO!", "A", "B"),
        record("bye"),
    ]
    results = [merge(some).examples for some in itertools.permutations(records)]
    assert all(result == results[0] for result in results)


def test_near_duplicates_share_a_cluster_through_a_chain_and_others_do_not():
    numbers = cluster(
        [
            "do you have any discount codes for my first order this week",
            "do you have any discount codes for my first orders this week",
            "where is my parcel?",
            "ok",
            "hey do you have any discount codes for my first orders this week",
        ]
    )
    assert numbers[0] == numbers[1] == numbers[4]
    assert len(set(numbers)) == 3


def test_pairs_are_found_across_chunks_of_rows(monkeypatch):
    monkeypatch.setattr("training.datasets.duplicates._CHUNK", 2)
    unlike = ["apples", "where is my parcel", "ring size chart", "blue or green", "returns desk"]
    numbers = cluster(["i will take these shoes today", *unlike, "i will take these shoes today!!"])
    assert numbers[0] == numbers[-1]
    assert len(set(numbers)) == len(unlike) + 1
