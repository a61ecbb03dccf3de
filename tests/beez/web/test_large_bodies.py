"""What is too large, or framed in two ways, is refused before it is read."""

import select
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.beez.raw import END, chunk
from tests.beez.web.talking import ask, connect, rest

PATHS = ["/admin/login/", "/admin/", "/classify-message", "/health/", "/static/x.js", "/"]
LIMIT = 200_000
ANNOUNCED = "Content-Length: 300000000"


@pytest.fixture(scope="module")
def beez(serve):
    return serve(MAX_BODY_BYTES=str(LIMIT))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("expects", ["Expect: 100-continue\r\n", ""])
def test_what_is_announced_as_too_large_is_refused_unread(beez, path, expects):
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{expects}{ANNOUNCED}\r\n\r\n"
    assert rest(connect(beez, head.encode())).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("path", PATHS)
def test_what_is_not_announced_is_refused_at_the_limit(beez, path):
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection = connect(beez, head.encode() + chunk(b"x" * (LIMIT + 1)))  # and no end
    assert rest(connection).startswith(b"HTTP/1.1 413")


def test_the_refusal_has_the_one_shape_and_staff_get_a_page(beez):
    for path, start in (
        ("/classify-message", b'{"error": {"code": "body_too_large"'),
        ("/admin/", b"<!"),
    ):
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{ANNOUNCED}\r\n\r\n"
        content = rest(connect(beez, head.encode())).partition(b"\r\n\r\n")[2]
        assert content.lstrip().startswith(start)
        assert b"MAX_BODY_BYTES" in content


def test_a_flood_of_large_bodies_refuses_large_ones_alone(beez):
    head = b"POST /classify-message HTTP/1.1\r\nHost: localhost\r\nContent-Length: 190000\r\n\r\n"
    flood = [connect(beez, head + b" " * 180_000) for _ in range(8)]  # and wait
    assert _first(flood).startswith(b"HTTP/1.1 503")
    assert ask(beez, "/classify-message", {"message": "hello"}).status == 200
    for connection in flood:
        connection.close()
    long = {"message": "x" * 190_000}  # more than a message may have
    deadline = time.monotonic() + 20
    while (status := ask(beez, "/classify-message", long).status) == 503:
        assert time.monotonic() < deadline
    assert status == 400


def _first(connections):
    """What comes first from any of them."""
    ready, _, _ = select.select(connections, [], [], 20)
    return ready[0].recv(65_536)


def test_a_body_with_two_lengths_smuggles_no_second_request(beez):
    head = b"POST /health HTTP/1.1\r\nHost: localhost\r\n"
    framing = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    second = b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert rest(connect(beez, head + framing + END + second)).count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: +2",
        "Content-Length : 2",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
    ],
)
def test_a_framing_that_can_be_read_in_two_ways_is_a_400(beez, framing):
    head = f"POST /classify-message HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n{{}}"
    assert rest(connect(beez, head.encode())).startswith(b"HTTP/1.1 400")


def test_a_file_is_never_written(client, db, settings):
    settings.FILE_UPLOAD_TEMP_DIR = "/nowhere"
    file = SimpleUploadedFile("large.bin", b"x" * 3_000_000)
    assert client.post("/admin/login/", {"username": "x", "file": file}).status_code == 200
