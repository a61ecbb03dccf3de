import json

import pytest

pytestmark = pytest.mark.usefixtures("keyword_model")


@pytest.fixture(autouse=True)
def limits(settings, keyword_model):
    settings.MAX_MESSAGE_LENGTH = 20
    settings.MAX_BATCH_SIZE = 3


def send(client, path, body, content_type="application/json"):
    return client.generic("POST", path, body, content_type=content_type)


BAD_MESSAGES = {
    "empty": '""',
    "blank": '" \\t\\n\\u00a0"',
    "NUL": '"a\\u0000b"',
    "number": "5",
    "fraction": "5.5",
    "true": "true",
    "null": "null",
    "list": '["buy"]',
    "object": '{"text": "buy"}',
    "too long": json.dumps("x" * 21),
    "lone surrogate": '"a \\ud83d b"',
}


@pytest.mark.parametrize("message", BAD_MESSAGES.values(), ids=BAD_MESSAGES.keys())
def test_a_bad_message_is_a_400_that_names_the_field(api_client, message):
    response = send(api_client, "/classify-message", f'{{"message": {message}}}')
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == ["message"]


@pytest.mark.parametrize("message", BAD_MESSAGES.values(), ids=BAD_MESSAGES.keys())
def test_a_bad_message_in_a_batch_is_a_400_that_names_its_place(api_client, message):
    response = send(api_client, "/classify-messages", f'{{"messages": ["buy", {message}]}}')
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == ["messages.1"]


@pytest.mark.parametrize(
    "messages", ["[]", '"buy"', "null", "{}", "7", '["a", "b", "c", "d"]', '{"0": "buy"}']
)
def test_what_is_no_list_of_messages_is_a_400_that_names_the_field(api_client, messages):
    response = send(api_client, "/classify-messages", f'{{"messages": {messages}}}')
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == ["messages"]


@pytest.mark.parametrize(
    ("path", "field"), [("/classify-message", "message"), ("/classify-messages", "messages")]
)
def test_a_missing_field_is_a_400_that_names_it(api_client, path, field):
    response = send(api_client, path, "{}")
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == [field]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/classify-message", '{"message": "buy", "Message": "x"}'),
        ("/classify-messages", '{"messages": ["buy"], "Message": "x"}'),
        ("/classify-conversation", '{"message": "a", "conversation_id": "c", "Message": "x"}'),
    ],
)
def test_a_field_that_a_route_does_not_know_is_a_400_that_names_it(api_client, path, body):
    response = send(api_client, path, body)
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == ["Message"]


@pytest.mark.parametrize("path", ["/classify-message", "/classify-messages"])
@pytest.mark.parametrize(
    "body",
    [
        *(b"[]", b'["buy"]', b'"buy"', b"5", b"null", b"", b"{", b"\xff\xfe"),
        *(b'{"message": NaN}', b"[" * 100_000, b'{"message": ' + b"9" * 10_000 + b"}"),
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_is_no_json_object_is_a_400(api_client, path, body):
    response = send(api_client, path, body)
    assert response.status_code == 400
    assert response.json()["error"]["message"]


def test_at_the_limits_messages_are_taken(api_client):
    assert (
        send(api_client, "/classify-message", json.dumps({"message": "é" * 20})).status_code == 200
    )
    batch = json.dumps({"messages": ["x" * 20] * 3})
    assert send(api_client, "/classify-messages", batch).status_code == 200


def test_a_batch_of_too_many_characters_is_a_400_that_says_what_to_do(api_client, settings):
    settings.MAX_BATCH_CHARACTERS = 40
    batch = {"messages": ["x" * 20, "é" * 20]}
    assert api_client.post("/classify-messages", batch, format="json").status_code == 200
    batch["messages"].append("y")
    response = api_client.post("/classify-messages", batch, format="json")
    assert response.status_code == 400
    (sentence,) = response.json()["error"]["fields"]["messages"]
    assert "41" in sentence and "40" in sentence and "several requests" in sentence


def test_a_pair_of_surrogates_is_one_character(api_client):
    assert send(api_client, "/classify-message", '{"message": "\\ud83d\\ude42"}').status_code == 200
