"""What is asked for while Redis is away begins once it is back: a real Redis, a real worker."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.beez import started

pytestmark = pytest.mark.redis

ASK = """
import json
from training import asking
print(json.dumps(asking.ask(asked_by="anna")))
"""
BEAT = "from training import tasks; tasks.take_up.delay()"  # as beat asks each minute
STATE = """
from training.models import TrainingRun
run = TrainingRun.objects.get()
print(run.state, run.asked_by, run.trigger, run.reason[:200])
"""


def redis_server(port, folder):
    command = ("redis-server", "--port", str(port), "--save", "", "--dir", str(folder))
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.05)
    raise AssertionError("no Redis")


def test_a_training_asked_for_without_redis_begins_when_it_is_back():
    with TemporaryDirectory(prefix="lost-", dir=os.environ["BEEZ_HOME"]) as folder:
        home, port = Path(folder), started.free_port()
        settings = {
            "REDIS_URL": f"redis://127.0.0.1:{port}/0",
            "TRAINING_FILES": str(home / "missing.csv"),  # so that what begins ends at once
        }
        worker = redis = None
        try:
            started.with_a_live_model(home)
            assert json.loads(started.shell(home, ASK, **settings)) is False  # nobody was told
            assert started.shell(home, STATE, **settings).startswith("asked anna staff")
            redis = redis_server(port, home)
            worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "--app", "beez", "--quiet", "worker"],
                cwd=started.CHECKOUT,
                env=started.environment(home, **settings),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            started.shell(home, BEAT, **settings)
            deadline = time.monotonic() + 90
            while (state := started.shell(home, STATE, **settings)).startswith(
                ("asked", "running")
            ):
                assert time.monotonic() < deadline and worker.poll() is None, state
                time.sleep(3)
            assert state.startswith("failed anna staff")
            assert "missing.csv" in state
        finally:
            for process in (worker, redis):
                if process is not None:
                    process.kill()
                    process.wait()
            started.kill_all(home)
