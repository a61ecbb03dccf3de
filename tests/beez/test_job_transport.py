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


@pytest.mark.parametrize("damage", ["", "\xff{"])
def test_a_damaged_job_is_put_aside_and_the_next_one_runs(tmp_path, damage):
    unused = {"DATABASE_URL": "postgres:///unused", "SECRET_KEY": SECRET}
    surroundings = environment(tmp_path / "home", **unused)
    messages = tmp_path / "home" / "broker" / "messages"
    messages.mkdir(parents=True)
    (messages / "0_damaged.celery.msg").write_bytes(damage.encode("latin-1"))
    process = subprocess.Popen([sys.executable, *WORKER], cwd=CHECKOUT, env=surroundings)
    try:
        send = [sys.executable, "-c", SEND, str(tmp_path / "written"), "text"]
        subprocess.run(send, cwd=CHECKOUT, env=surroundings, check=True, timeout=60)
        deadline = time.monotonic() + 30
        while not (tmp_path / "written").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        assert [one.name for one in messages.iterdir()] == ["0_damaged.celery.damaged"]
    finally:
        process.terminate()
        process.wait(20)
