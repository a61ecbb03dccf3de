"""JSON as tools write it is read, and what would vanish from it or break the answer is refused."""

import pytest


@pytest.fixture
def send(shell, bearer):
    def post(body):
        return shell.post("/echo", body, content_type="application/json", headers=bearer)

    return post


def test_a_byte_order_mark_before_the_json_is_ignored(send):
    assert send(b'\xef\xbb\xbf{"item": "tea"}').json() == {"item": "tea"}


@pytest.mark.parametrize(
    "body", [b'{"\\ud83d": 1}', b'{"item": "tea", "\\udc00x": 1}', b'{"item": {"\\ud83d": 1}}']
)
def test_half_a_character_in_a_name_is_a_400(send, body):
    answer = send(body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "parse_error")
    assert "surrogate" in answer.json()["error"]["message"]


def test_a_name_that_comes_twice_is_a_400_for_one_value_would_vanish(send):
    answer = send(b'{"item": "tea", "item": "rum"}')
    assert answer.status_code == 400
    assert "twice" in answer.json()["error"]["message"]


def test_the_words_of_a_body_that_is_no_json_are_not_repeated(send):
    answer = send(b'{"item": secret words}')
    assert answer.status_code == 400
    assert b"secret" not in answer.content
