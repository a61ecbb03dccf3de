"""Bodies without a length, in chunks, to a real web server: read up to the limit."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.beez import started
from tests.beez.raw import END, chunk, exchange

LIMIT = 20_000


@pytest.fixture(scope="module")
def server():
    """(port, key) of a web server with a live model."""
    with TemporaryDirectory(prefix="start-", dir=os.environ["BEEZ_HOME"]) as folder:
        home = Path(folder)
        started.with_a_live_model(home)
        command = ("manage.py", "api_key", "create", "tests", "--scopes", "classify,read")
        key = _run(home, *command)
        limits = {"MAX_BODY_BYTES": str(LIMIT)}
        beez = started.Up(home, sys.executable, "-m", "beez.launch.web", **limits)
        beez.wait_until_it_answers("/ready")
        yield beez.port, key
        beez.end()


def _run(home, *command):
    done = subprocess.run(
        [sys.executable, *command],
        cwd=started.CHECKOUT,
        env=started.environment(home),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()[-1]


@pytest.fixture
def post(server):
    port, key = server

    def send(*pieces, path="/classify-message", key=key):
        head = [
            f"POST {path} HTTP/1.1",
            f"Authorization: Bearer {key}",
            "Content-Type: application/json",
            "Transfer-Encoding: chunked",
        ]
        status, _, body = exchange(port, head, *pieces)
        return status, body

    return send


def test_a_chunked_body_is_read(post):
    body = json.dumps({"message": "Any discount?"}).encode()
    status, answer = post(chunk(body[:7]), chunk(body[7:]), END)
    assert (status, answer["selected"][0]["tag"]) == (200, "Deal-seeker")


@pytest.mark.parametrize(("size", "expected"), [(LIMIT, 200), (LIMIT + 1, 413), (2_000_000, 413)])
def test_it_is_read_up_to_the_limit(post, size, expected):
    body = json.dumps({"message": "hello"}).encode()
    body += b" " * (size - len(body))
    pieces = [chunk(body[start : start + 4096]) for start in range(0, size, 4096)]
    status, answer = post(*pieces, END)
    assert status == expected
    assert status == 200 or answer["error"]["code"] == "body_too_large"
    assert status == 200 or str(LIMIT) in answer["error"]["message"]


@pytest.mark.parametrize("broken", [b"nonsense\r\n", b"5\r\n{}xxxnonsense", b"-5\r\nhello\r\n"])
def test_what_is_no_chunk_is_a_400(post, broken):
    assert post(broken, END)[0] == 400


def test_an_empty_chunked_body_is_a_400_that_says_what_is_missing(post):
    status, answer = post(END)
    assert status == 400
    assert answer["error"]["message"]


def test_without_a_key_it_is_refused_whatever_it_is(post):
    assert post(chunk(b"x" * LIMIT), END, key="bz_wrong")[0] == 401


def test_a_chunked_body_to_no_route_is_404(post):
    assert post(chunk(b"{}"), END, path="/nowhere")[0] == 404
