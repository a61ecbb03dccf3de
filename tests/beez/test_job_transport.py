import subprocess
import sys
import time

import pytest

from tests.beez.started import CHECKOUT, SECRET, environment

WORKER = ("-m", "celery", "-A", "tests.beez.echo_app", "worker", "--without-mingle")
SEND = "import sys; from tests.beez.echo_app import write; write.delay(*sys.argv[1:])"


@pytest.fixture(params=["files", pytest.param("redis", marks=pytest.mark.redis)])
def surroundings(request, tmp_path):
    """The environment of a worker and of a sender, on each transport that Beez can use."""
    redis = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    unused = {"DATABASE_URL": "postgres:///unused", "SECRET_KEY": SECRET}
    return environment(tmp_path / "home", REDIS_URL=redis, **unused)


@pytest.fixture
def worker(surroundings):
    process = subprocess.Popen([sys.executable, *WORKER], cwd=CHECKOUT, env=surroundings)
    yield process
    process.terminate()
    assert process.wait(20) == 0


def test_a_task_sent_by_one_process_runs_in_another(surroundings, worker, tmp_path):
    for text in ("first", "second"):
        send = [sys.executable, "-c", SEND, str(tmp_path / text), text]
        subprocess.run(send, cwd=CHECKOUT, env=surroundings, check=True, timeout=60)
    deadline = time.monotonic() + 30
    written = [tmp_path / "first", tmp_path / "second"]
    while not all(path.exists() and path.read_text() for path in written):
        assert worker.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    assert [path.read_text() for path in written] == ["first", "second"]
