"""A name that a route does not know is refused, and the answer says which one is meant."""

import json

import pytest


def post(shell, bearer, body, path="/echo"):
    return shell.post(path, json.dumps(body), content_type="application/json", headers=bearer)


def fields(answer):
    assert answer.status_code == 400, answer.content
    return answer.json()["error"]["fields"]


@pytest.mark.parametrize(("given", "meant"), [("count", "counts"), ("ITEMS", "item")])
def test_a_misspelt_field_is_named_with_the_one_that_is_meant(shell, bearer, given, meant):
    (sentence,) = fields(post(shell, bearer, {"item": "tea", given: []}))[given]
    assert f"Is {meant!r} meant?" in sentence


def test_a_field_like_no_other_gets_a_list_of_those_that_there_are(shell, bearer):
    (sentence,) = fields(post(shell, bearer, {"item": "tea", "zzz": 1}))["zzz"]
    assert "item, counts" in sentence


def test_misspelt_and_missing_are_told_at_once_and_the_misspelt_one_first(shell, bearer):
    answer = post(shell, bearer, {"itme": "tea"})
    assert list(fields(answer)) == ["itme", "item"]
    assert answer.json()["error"]["message"].startswith("itme: ")


def test_what_the_whole_body_lacks_is_silent_where_a_name_is_wrong(shell, bearer):
    answer = post(shell, bearer, {"item": "nothing", "zzz": 1})
    assert answer.json()["error"]["message"].startswith("zzz: ")


@pytest.mark.parametrize("name", ["", "a\0b", "n" * 500_000, "non_field_errors", "é.b"])
def test_any_name_is_refused_in_an_answer_of_reasonable_size(shell, bearer, name):
    answer = post(shell, bearer, {"item": "tea", name: 1})
    assert answer.status_code == 400
    assert len(answer.content) < 2_000


def test_of_very_many_names_some_are_told(shell, bearer):
    assert len(fields(post(shell, bearer, {str(number): 1 for number in range(50_000)}))) < 20


def test_a_misspelt_query_parameter_is_named_with_the_one_that_is_meant(shell, bearer):
    assert shell.get("/echo?size=2", headers=bearer).json() == {"caller": "shop", "size": 2}
    (sentence,) = fields(shell.get("/echo?szie=2", headers=bearer))["szie"]
    assert "Is 'size' meant?" in sentence


def test_a_query_parameter_that_comes_twice_is_refused(shell, bearer):
    assert list(fields(shell.get("/echo?size=2&size=3", headers=bearer))) == ["size"]


def test_a_query_where_a_body_is_expected_is_refused(shell, bearer):
    (sentence,) = fields(post(shell, bearer, {"item": "tea"}, "/echo?counts=1"))["counts"]
    assert "none" in sentence
