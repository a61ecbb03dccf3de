import os
import signal
import subprocess
import sys
import time

import pytest

from tests.beez.started import CHECKOUT, environment

PROCESS = "import time; from beez.launch import alive; alive.start('worker'); time.sleep(60)"


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def process(home):
    child = subprocess.Popen([sys.executable, "-c", PROCESS], cwd=CHECKOUT, env=environment(home))
    yield child
    child.kill()
    child.wait(10)


def asked(home, kind="worker"):
    done = subprocess.run(
        [sys.executable, "-m", "beez.launch.alive", kind],
        cwd=CHECKOUT,
        env=environment(home, DATABASE_URL="postgres://nobody@127.0.0.1:1/none"),
        check=False,
        timeout=30,
    )
    return done.returncode == 0


def until_it_lives(home):
    deadline = time.monotonic() + 20
    while not list(home.glob("alive/worker@*")):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_process_says_that_it_lives_though_no_database_answers(home, process):
    until_it_lives(home)
    assert asked(home)
    assert not asked(home, "beat")


def test_one_that_was_stopped_without_a_word_is_found_out(home, process):
    until_it_lives(home)
    process.send_signal(signal.SIGSTOP)
    (file,) = home.glob("alive/worker@*")
    past = time.time() - 60
    os.utime(file, (past, past))
    assert not asked(home)
    process.send_signal(signal.SIGCONT)


def test_files_of_machines_that_are_gone_are_swept(home, process):
    until_it_lives(home)
    old = home / "alive" / "worker@gone"
    old.touch()
    past = time.time() - 100_000
    os.utime(old, (past, past))
    second = subprocess.Popen([sys.executable, "-c", PROCESS], cwd=CHECKOUT, env=environment(home))
    deadline = time.monotonic() + 20
    while old.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    second.kill()
    second.wait(10)
