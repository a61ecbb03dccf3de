"""JSON objects are found in every layout that people and tools write, each with its line."""

import json

import pytest

from beez.files.json_objects import Bad, Object, objects

ONE, TWO, THREE = ({"message": text, "tags": []} for text in ("one", "two {", "three"))


def lines(text):
    return [(found.line, getattr(found, "fields", None)) for found in objects(text)]


def dumped(*values, indent=None):
    return [json.dumps(value, indent=indent) for value in values]


def test_objects_one_a_line_have_the_line_they_stand_in_and_blank_lines_are_nothing():
    assert lines("\n".join(["", *dumped(ONE), "  ", *dumped(TWO)])) == [(2, ONE), (4, TWO)]


def test_only_a_line_feed_ends_a_line():
    text = '{"message": "a\u2028b\x85c\x0bd"}'.replace("\x0b", "")
    assert lines(f"{text}\r\n{text}") == [(n, {"message": "a\u2028b\x85cd"}) for n in (1, 2)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps([ONE, TWO]), [1, 1]),
        (json.dumps([ONE, TWO], indent=2), [2, 6]),
        ("[" + ",\n".join(dumped(ONE, TWO)) + "]", [1, 2]),
        ("\n".join(dumped(ONE, TWO, indent=2)), [1, 5]),
        (",\n".join(dumped(ONE, TWO, indent=None)), [1, 2]),
        ('{"message": "one",\n "tags": []}\n{"message": "two {",\n "tags": []}', [1, 3]),
        (json.dumps({"records": [ONE, TWO]}), [1, 1]),
        (json.dumps({"version": "1", "data": [ONE, TWO]}, indent=1), [4, 8]),
    ],
    ids=["array", "pretty array", "array of lines", "pretty", "commas", "loose", "wrapped", "deep"],
)
def test_arrays_pretty_printed_and_wrapped_objects_are_read_where_they_begin(text, expected):
    assert lines(text) == list(zip(expected, [ONE, TWO], strict=True))


def test_after_a_broken_line_the_next_is_read():
    first, second = objects("\n".join(["{oops", *dumped(ONE)]))
    assert first.line == 1
    assert second == Object(2, ONE)


def test_after_a_broken_object_of_an_array_the_next_one_is_read():
    text = json.dumps([ONE, TWO, THREE], indent=2).replace('"two {",', '"two {"')
    found = list(objects(text))
    assert [one.line for one in found] == [2, 6, 10]
    assert isinstance(found[1], Bad)
    assert "line 8" in found[1].reason
    assert found[2] == Object(10, THREE)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[{"a": 1}, {"b" 2}, {"c": 3}]', "nothing after it could be read"),
        ('[{"a": 1}]\n[{"b": 2}]', "not a JSON object"),
        ('[\n{"a": 1}]\n[{"b": 2}]', "something follows the end of the array"),
        ('{"a": 1} {"b": 2}\n{"c": 3}', "something follows at character 9"),
        ('{"a": 1, "a": 2}\n{"c": 3}', "a field is named twice"),
        ('{"a": "\udce9"}\n{"c": 3}', "not valid UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        ("message,tags\nhello,A\n", "not valid JSON"),
    ],
)
def test_what_cannot_be_read_is_said(text, reason):
    assert any(isinstance(one, Bad) and reason in one.reason for one in objects(text))


def test_an_empty_text_holds_nothing():
    assert list(objects(" \n\n")) == list(objects("")) == list(objects("[]")) == []
