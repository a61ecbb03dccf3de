import json
import logging

import pytest
from django.urls import reverse

from beez.api import errors


def error(answer):
    """The error, having proved that the body is in the one shape."""
    body = answer.json()
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message", "fields"}
    assert body["error"]["message"].strip()
    return answer.status_code, body["error"]["code"]


def post(shell, path, body, content_type="application/json", **headers):
    body = body.encode() if isinstance(body, str) else body
    return shell.generic("POST", path, body, content_type=content_type, headers=headers)


def test_an_unknown_route_is_404(shell):
    assert error(shell.get("/nowhere")) == (404, "not_found")


def test_a_method_that_a_route_lacks_is_405(shell, bearer):
    answer = shell.put("/echo", headers=bearer)
    assert error(answer) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]


def test_a_body_of_another_type_is_415(shell, bearer):
    answer = post(shell, "/echo", "item=x", "application/x-www-form-urlencoded", **bearer)
    assert error(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body", [b"{", b"", b"\xff\xfe", b'{"item": "\xff"}', b"[" * 200_000, b'{"a": NaN}', b"\x00"]
)
def test_a_body_that_is_no_json_is_400(shell, bearer, body):
    answer = post(shell, "/echo", body, **bearer)
    assert answer.status_code == 400
    error(answer)


@pytest.mark.parametrize("charset", ["utf-16", "zlib", "base64", "rot13", "nonsense"])
def test_json_is_utf8_whatever_the_charset_says(shell, bearer, charset):
    body = '{"item": "Größe"}'.encode()
    answer = post(shell, "/echo", body, f"application/json; charset={charset}", **bearer)
    assert (answer.status_code, answer.json()) == (200, {"item": "Größe"})


@pytest.mark.parametrize("accept", ["text/html", "text/plain", "image/png", "nonsense"])
def test_no_accept_header_turns_an_answer_away(shell, bearer, accept):
    answer = shell.get("/echo", headers={**bearer, "Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


def test_each_field_has_its_sentences(shell, bearer):
    answer = post(shell, "/echo", '{"item": "far too long", "counts": [1, "x", 3]}', **bearer)
    assert error(answer) == (400, "invalid")
    fields = answer.json()["error"]["fields"]
    assert set(fields) == {"item", "counts.1"}
    assert all(isinstance(sentence, str) for found in fields.values() for sentence in found)
    assert answer.json()["error"]["message"].startswith("item: ")


@pytest.mark.parametrize("body", ["[]", '"text"', "3", "null"])
def test_a_body_that_is_no_object_has_a_general_sentence(shell, bearer, body):
    answer = post(shell, "/echo", body, **bearer)
    assert error(answer)[0] == 400


def test_a_sentence_about_the_whole_body_is_no_field(shell, bearer):
    answer = post(shell, "/echo", '{"item": "nothing"}', **bearer)
    assert answer.json()["error"] == {
        "code": "invalid",
        "message": "Order something.",
        "fields": {},
    }


@pytest.mark.parametrize("path", ["/echo", "/nowhere"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_body_too_large_is_413_whatever_its_type(shell, bearer, settings, path, content_type):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024
    answer = post(shell, path, "x" * 1025, content_type, **bearer)
    assert error(answer) == (413, "body_too_large")
    assert "1024" in answer.json()["error"]["message"]


def test_a_length_beyond_all_measure_is_413(shell, bearer):
    answer = shell.post(
        "/echo", b"", content_type="application/json", headers=bearer, CONTENT_LENGTH="9" * 5000
    )
    assert error(answer) == (413, "body_too_large")


def test_a_body_at_the_limit_is_read(shell, bearer, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024
    body = json.dumps({"item": "x"})
    assert post(shell, "/echo", body + " " * (1024 - len(body)), **bearer).status_code == 200


def test_a_host_that_is_not_served_is_400(shell):
    answer = shell.get("/echo", headers={"Host": "evil.example"})
    assert error(answer) == (400, "parse_error")
    assert "ALLOWED_HOSTS" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("missing", (404, "not_found")),
        ("denied", (403, "permission_denied")),
        ("suspicious", (400, "parse_error")),
        ("conflict", (409, "conflict")),
        ("unavailable", (503, "unavailable")),
        ("operational", (503, "unavailable")),
        ("interface", (503, "unavailable")),
        ("unexpected", (500, "internal_error")),
    ],
)
def test_a_failure_in_an_api_view_has_its_status(shell, kind, expected):
    assert error(post(shell, f"/fails/{kind}", "{}")) == expected


@pytest.mark.parametrize(
    ("kind", "status"),
    [("missing", 404), ("denied", 403), ("operational", 503), ("unexpected", 500)],
)
def test_a_failure_in_another_view_has_the_same_shape(shell, kind, status):
    assert error(shell.get(f"/plain/{kind}"))[0] == status


@pytest.mark.parametrize("path", ["/fails/operational", "/fails/unavailable", "/plain/interface"])
def test_503_says_when_to_come_back(shell, path):
    assert int(post(shell, path, "{}")["Retry-After"]) >= 1


def test_a_database_that_goes_away_in_authentication_is_503(shell, bearer, monkeypatch):
    def gone(key):
        raise errors.OperationalError("the server closed the connection")

    monkeypatch.setattr("beez.api.keys.verify", gone)
    assert error(shell.get("/echo", headers=bearer)) == (503, "unavailable")


@pytest.mark.parametrize("debug", [True, False])
def test_an_unexpected_failure_shows_and_logs_no_words_of_the_request(
    shell, settings, caplog, capsys, debug
):
    settings.DEBUG = debug
    with caplog.at_level(logging.DEBUG):
        answer = post(shell, "/fails/unexpected", '{"message": "secret words"}')
    shown = answer.content.decode() + capsys.readouterr().err
    assert error(answer) == (500, "internal_error")
    assert "secret words" not in shown
    assert "RuntimeError in Fails" in caplog.text


@pytest.mark.parametrize(("kind", "status"), [("missing", 404), ("operational", 503)])
def test_staff_keep_pages(shell, kind, status):
    answer = shell.get(f"/admin/fails/{kind}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/html; charset=utf-8")


@pytest.mark.django_db
def test_the_admin_redirects_as_ever(client):
    assert client.get("/admin")["Location"] == reverse("admin:index")
