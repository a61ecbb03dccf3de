"""The web server as it is started in production, in processes of its own."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.beez import started

KEEP = "from beez.launch import local; local.prepare_environment(); print(flush=True); input()"


@pytest.fixture(scope="package")
def home():
    """A BEEZ_HOME with a live model and its key in a file `key`, whose Postgres runs on."""
    with TemporaryDirectory(prefix="start-", dir=os.environ["BEEZ_HOME"]) as folder:
        path = Path(folder)
        with _postgres(path):
            started.with_a_live_model(path)
            key = started.manage(path, "api_key", "create", "tests", "--scopes", "classify,read")
            (path / "key").write_text(key.split()[-1])
            yield path


@contextmanager
def _postgres(home):
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEP],
        cwd=started.CHECKOUT,
        env=started.environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    keeper.stdout.readline()
    yield
    keeper.communicate(b"\n", timeout=30)


@pytest.fixture(scope="module")
def serve(home):
    """Starts the web server; whatever a failed test leaves running is ended."""
    running = []

    def start(**settings):
        running.append(started.Up(home, sys.executable, "-m", "beez.launch.web", **settings))
        running[-1].wait_until_it_answers("/ready")
        return running[-1]

    yield start
    for one in running:
        one.process.terminate()
    for one in running:
        one.process.wait(40)
