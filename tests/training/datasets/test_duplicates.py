import itertools

import pytest

from training.datasets.duplicates import merge, normalise
from training.datasets.records import Example, Record


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


def of(source, line, message, *tags, unknown=(), labelled_for=None):
    example = Example(message=message, tags=tags, unknown=unknown)
    return Record(example=example, source=source, line=line, labelled_for=labelled_for)


def test_rows_of_one_message_can_be_joined_to_one_with_the_tags_of_all():
    rows = [record("Hi", "A", line=2), record("hi", "B", line=3), record("Hi", line=4)]
    unique = merge(rows, join_rows=True)
    assert unique.examples == [Example(message="Hi", tags=("A", "B"))]
    assert unique.joined == [["f.jsonl:2", "f.jsonl:3", "f.jsonl:4"]]
    assert unique.conflicts == unique.duplicates == []


def test_the_later_file_can_win_even_by_taking_a_tag_off_that_occurs_nowhere_in_it():
    rows = [of("old", 1, "Hi", "A"), of("new", 1, "Hi", unknown=("A",)), of("old", 2, "Bye", "A")]
    rows.sort(key=lambda row: row.source, reverse=True)
    unique = merge(rows, later_wins=True)
    assert unique.examples == [Example(message="Bye", tags=("A",)), Example(message="Hi", tags=())]
    assert unique.corrected == [["old:1", "new:1"]]


def test_a_tag_that_only_the_later_file_has_is_a_correction_too_and_the_same_tags_are_none():
    rows = [of("old", 1, "Hi"), of("old", 2, "Yo", "A"), of("new", 1, "Hi", "B")]
    rows.append(of("new", 2, "yo", "A"))
    unique = merge(rows, later_wins=True)
    assert (unique.corrected, unique.duplicates) == ([["old:1", "new:1"]], [["old:2", "new:2"]])


def test_a_later_record_keeps_the_older_tags_that_it_says_it_was_not_labelled_for():
    rows = [of("old", 1, "Hi", "A", "B"), of("new", 1, "Hi", "C", labelled_for=("B", "C"))]
    assert merge(rows, later_wins=True).examples == [Example(message="Hi", tags=("A", "C"))]


def test_within_the_later_file_a_conflict_stays_one():
    rows = [of("old", 1, "Hi", "A"), of("new", 1, "Hi", "B"), of("new", 2, "Hi", "C")]
    assert merge(rows, later_wins=True).examples == []
    assert merge(rows, later_wins=True, join_rows=True).examples == [
        Example(message="Hi", tags=("B", "C"))
    ]
