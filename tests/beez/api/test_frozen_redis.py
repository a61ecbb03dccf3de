"""With a rate limit, a Redis that is frozen or gone costs a moment, and two lines of the log."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

import pytest
import redis

from beez.api import breaker
from tests.beez.started import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.redis]


class Server:
    """A Redis of the test's own, which may be frozen and killed."""

    def __init__(self):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = None

    def start(self):
        quiet = ["--save", "", "--logfile", "/dev/null"]
        self.process = subprocess.Popen(["redis-server", "--port", str(self.port), *quiet])
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.url) as client:
                client.ping()
                return
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def signal(self, number):
        os.kill(self.process.pid, number)

    def end(self):
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def server(redis_url):
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed here")
    running = Server()
    running.start()
    yield running
    running.end()


@pytest.fixture
def limited(server, settings, shell, bearer, monkeypatch):
    """Sends a request of a key that may send three a minute: (status, seconds)."""
    settings.REDIS_URL, settings.RATE_LIMIT = server.url, "3/minute"
    monkeypatch.setattr(breaker, "PAUSE_SECONDS", 1.0)

    def send():
        started = time.monotonic()
        status = shell.get("/limited", headers=bearer).status_code
        return status, time.monotonic() - started

    return send


def lines(caplog):
    return [record.message for record in caplog.records if "Redis" in record.message]


def end_of_outage(send, caplog):
    deadline = time.monotonic() + 20
    while len(lines(caplog)) < 2:
        assert time.monotonic() < deadline, lines(caplog)
        send()
        time.sleep(0.05)


@pytest.mark.parametrize("how", ["frozen", "killed"])
def test_an_outage_lifts_the_limit_and_is_two_lines(server, limited, caplog, how):
    assert [limited()[0] for _ in range(4)] == [200, 200, 200, 429]
    server.signal(signal.SIGSTOP) if how == "frozen" else server.end()
    answers = [limited() for _ in range(100)]
    assert {status for status, _ in answers} == {200}
    assert sum(seconds for _, seconds in answers) < 5  # 5.1 seconds each, once
    assert len(lines(caplog)) == 1
    server.signal(signal.SIGCONT) if how == "frozen" else server.start()
    end_of_outage(limited, caplog)
    assert [limited()[0] for _ in range(4)][-1] == 429
    assert len(lines(caplog)) == 2
    assert "back" in lines(caplog)[-1]
