"""Redis is killed while Beez works: requests go on, and jobs do once it is back."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.beez import started

pytestmark = pytest.mark.redis

SEND = """
from training import tasks
tasks.prepare_dataset.apply_async(args=([{path!r}],), retry=True)
"""
LINES = [
    {"message": f"{word} please", "tags": ["Hot-buyer"] * (word in ["take", "checkout"])}
    for word in ["take", "checkout", "parcel", "colour", "size", "help", "where", "thanks"]
]
COUNT = "from training.models import Dataset; print(Dataset.objects.count())"


class Redis:
    """A server of the test's own, for it will be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, started.free_port()
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.1)
        pytest.fail("redis-server does not answer")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def home():
    with TemporaryDirectory(prefix="redis-", dir=os.environ["BEEZ_HOME"]) as folder:
        yield Path(folder)


@pytest.fixture
def redis(home):
    if shutil.which("redis-server") is None:
        if os.environ.get("BEEZ_REQUIRE_REDIS"):
            pytest.fail("There is no redis-server, and BEEZ_REQUIRE_REDIS is set.")
        pytest.skip("There is no redis-server")
    server = Redis(home)
    yield server
    server.kill()


def test_a_worker_that_lost_redis_does_its_jobs_once_it_is_back(home, redis):
    started.with_a_live_model(home)
    settings = {"REDIS_URL": f"redis://127.0.0.1:{redis.port}/0", "RATE_LIMIT": "1000/minute"}
    beez = started.Up(home, **settings)
    try:
        beez.wait_for(started.SERVED)
        redis.kill()
        time.sleep(2)
        beez.wait_until_it_answers("/ready")
        redis.start()
        file = home / "few.jsonl"
        file.write_text("\n".join(json.dumps(line) for line in LINES))
        started.shell(home, SEND.format(path=str(file)), **settings)
        deadline = time.monotonic() + 60
        while started.shell(home, COUNT, **settings) != "1":
            assert time.monotonic() < deadline, beez.output
            time.sleep(1)
        assert beez.process.poll() is None
        assert "Traceback" not in beez.output
    finally:
        beez.end()
