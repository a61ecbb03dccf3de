"""Clients that send half of what they should, or take nothing of what they asked for."""

import json
import time

import pytest

from tests.beez.web.talking import ask, connect, rest

HOST = b"Host: localhost\r\n"
BUNDLE = b"/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
POST = b"POST /classify-message HTTP/1.1\r\n" + HOST
SLOW = {
    "half a line": b"GET /hea",
    "half the headers": b"GET /health HTTP/1.1\r\nHost: loc",
    "half a body": POST + b'Content-Length: 40\r\n\r\n{"message":',
    "half a chunked body": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
    "half a log-in": b"POST /admin/login/ HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\nuser",
}
ASKED = {"/health": None, "/ready": None, "/classify-message": {"message": "hello"}}
CLIENT_SECONDS = 3


@pytest.fixture(scope="module")
def beez(serve):
    return serve(CLIENT_SECONDS=str(CLIENT_SECONDS), WEB_THREADS="2")


def test_they_hold_nobody_up_and_are_sent_away(beez):
    idle = [connect(beez) for _ in range(2_000)]
    slow = {name: [connect(beez, sent) for _ in range(12)] for name, sent in SLOW.items()}
    unread = [
        connect(beez, b"GET " + BUNDLE + b" HTTP/1.1\r\n" + HOST + b"\r\n", receive_buffer=4_096)
        for _ in range(12)
    ]
    for path, body in (
        ("/health", None),
        ("/ready", None),
        ("/classify-message", {"message": "x"}),
    ):
        answer = ask(beez, path, body)
        assert answer.status == 200
        assert answer.seconds < CLIENT_SECONDS / 2
    for connection in idle:
        assert rest(connection) == b""
    for name, connections in slow.items():
        for connection in connections:
            ended = rest(connection)
            assert ended.startswith(b"HTTP/1.1 408") == ("body" in name or "log-in" in name), name
    time.sleep(CLIENT_SECONDS)  # the kernel looks after such a connection at growing intervals
    assert not any(_takes_all(connection) for connection in unread)


def _takes_all(connection):
    try:
        head, _, body = rest(connection).partition(b"\r\n\r\n")
    except ConnectionError:
        return False
    return len(body) == int(head.lower().partition(b"content-length: ")[2].split()[0])


def test_a_slow_body_is_told_so_in_the_one_shape(beez):
    head, _, body = rest(connect(beez, SLOW["half a body"])).partition(b"\r\n\r\n")
    assert b"application/json" in head
    error = json.loads(body)["error"]
    assert error["code"] == "body_too_slow"
    assert "CLIENT_SECONDS" in error["message"]


def test_a_body_that_breaks_off_is_a_400(beez):
    connection = connect(beez, SLOW["half a body"])
    connection.shutdown(1)  # nothing more will come
    assert rest(connection).startswith(b"HTTP/1.1 400")
