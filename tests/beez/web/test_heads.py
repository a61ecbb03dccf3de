"""Heads of requests that are too long, or none: an answer in the one shape where that can be."""

import json

import pytest

from tests.beez.web.talking import ask, connect, rest

HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n\r\n"


@pytest.fixture(scope="module")
def beez(serve):
    return serve()


def _answer(beez, sent):
    """Status and body of the answer, after which the server has closed."""
    head, _, body = rest(connect(beez, sent)).partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def _get(path=b"/health", headers=b""):
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + headers + CLOSE


TOO_LONG = {
    "query": (_get(b"/health?" + b"a" * 17_000), 414, "line_too_long"),
    "path": (_get(b"/" + b"a" * 60_000), 414, "line_too_long"),
    "header": (_get(headers=b"Cookie: " + b"a" * 40_000 + b"\r\n"), 431, "headers_too_large"),
    "number of headers": (
        _get(headers=b"".join(b"X-%d: a\r\n" % n for n in range(70))),
        431,
        "headers_too_large",
    ),
    "header sent over and over": (_get(headers=b"X: a\r\n" * 70), 431, "headers_too_large"),
}


@pytest.mark.parametrize("what", TOO_LONG)
def test_what_is_too_long_is_told_so_in_the_one_shape(beez, what):
    sent, status, code = TOO_LONG[what]
    answered, body = _answer(beez, sent)
    assert answered == status
    assert json.loads(body)["error"]["code"] == code


def test_staff_get_a_page(beez):
    status, body = _answer(beez, _get(b"/admin/?" + b"a" * 17_000))
    assert (status, body.lstrip()[:2]) == (414, b"<!")


def test_what_is_long_but_not_too_long_is_answered(beez):
    headers = b"".join(b"X-%d: %s\r\n" % (n, b"a" * 450) for n in range(60))
    assert _answer(beez, _get(b"/health?" + b"a" * 16_000, headers))[0] == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60), 400),  # TLS
        (b"GET /caf\xe9 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /health HTTP/1.1\r\n" + HOST + b"X y: a\r\n\r\n", 400),
        (_get(b"/" + b"a" * 70_000), 414),
        (_get(headers=b"".join(b"X-%d: a\r\n" % n for n in range(101))), 431),
    ],
)
def test_what_the_server_itself_refuses_is_closed_and_the_next_client_is_served(beez, sent, status):
    assert _answer(beez, sent) == (status, b"")
    assert ask(beez, "/health").status == 200


@pytest.mark.parametrize("method", [b"BREW", b"TRACE", b"CONNECT"])
def test_a_method_that_nobody_knows_is_a_405_in_the_one_shape(beez, method):
    status, body = _answer(beez, _get().replace(b"GET", method, 1))
    assert (status, json.loads(body)["error"]["code"]) == (405, "method_not_allowed")
