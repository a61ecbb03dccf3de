"""The embedded Postgres starts where something is odd, and ends with its last user."""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from beez.launch import local
from tests.beez import started

START = "from beez.launch import local; local.prepare_environment(); import os; print(os.environ"


def start(home, **changes):
    """A process that uses the server of `home` until its input ends; its address and its key."""
    code = f"{START}['DATABASE_URL'], os.environ['SECRET_KEY'], flush=True); input()"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=started.CHECKOUT,
        env=started.environment(home, **changes),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(user):
    _, complaints = user.communicate("\n", timeout=30)
    assert user.returncode == 0, complaints


def servers(home):
    return started.processes_of(home, name="postgres")


@pytest.fixture(scope="module")
def home():
    """One for all, since making a database takes a second."""
    with TemporaryDirectory(prefix="odd-", dir=os.environ["BEEZ_HOME"]) as folder:
        yield Path(folder)
        for process in servers(Path(folder)):
            process.kill()


@pytest.fixture
def new_home():
    with TemporaryDirectory(prefix="odd-", dir=os.environ["BEEZ_HOME"]) as folder:
        yield Path(folder)


def test_two_starts_at_once_share_one_server_and_one_key(home):
    users = [start(home), start(home)]
    said = [user.stdout.readline().split() for user in users]
    assert said[0] == said[1] and len(said[0]) == 2
    end(users[0])
    assert servers(home)
    end(users[1])
    assert not servers(home)


def test_a_blank_in_the_path_and_a_locale_that_is_not_installed_do_no_harm(new_home):
    place = new_home / "my shop's data"
    place.mkdir()
    user = start(place, LC_ALL="xx_YY.UTF-8", LANG="xx_YY.UTF-8")
    assert user.stdout.readline(), user.stderr.read()
    end(user)
    assert not servers(place)


@pytest.mark.parametrize("note", ["of a stranger", "empty"])
def test_what_a_crash_left_in_postmaster_pid_stops_no_start_and_no_stranger(home, note):
    user = start(home)
    user.stdout.readline()
    folder = home / "postgres"
    written = (folder / "postmaster.pid").read_text().split("\n")
    for process in servers(home):  # as when the machine goes down
        process.kill()
    user.kill()
    user.communicate()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        lines = [str(stranger.pid), *written[1:]]
        (folder / "postmaster.pid").write_text("\n".join(lines) if note != "empty" else "")
        (folder / ".handle_pids.json").write_text(f"[{stranger.pid}" if note == "empty" else "")
        again = start(home)
        assert again.stdout.readline(), again.stderr.read()
        end(again)
        assert not servers(home)
        assert stranger.poll() is None
        stranger.kill()


def test_it_ends_with_its_last_user_though_another_was_killed(home):
    killed, last = start(home), start(home)
    for user in (killed, last):
        user.stdout.readline()
    killed.kill()
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)  # and yet nobody has reaped it
    end(last)
    assert not servers(home)
    killed.communicate()


def test_a_child_of_a_killed_process_is_a_user_too(home):
    child = f"{START}.get('SECRET_KEY') and 1, flush=True); input()"
    code = (
        "from beez.launch import local; local.prepare_environment(); import subprocess, sys, time;"
        f"subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=started.CHECKOUT,
        env=started.environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout.readline() == "1\n"
    parent.kill()
    parent.wait()
    assert servers(home)
    parent.stdin.close()  # which ends the child
    deadline = time.monotonic() + 20
    while servers(home):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_key_needs_no_hard_links(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", lambda *_: pytest.fail("not every file system has them"))
    key = local._stored_secret_key(tmp_path / "secret_key")
    assert len(key) > 50 and local._stored_secret_key(tmp_path / "secret_key") == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_number_that_a_stranger_has_by_now_is_no_user(tmp_path):
    note = tmp_path / "users"
    note.write_text("x")
    long_ago = psutil.Process().create_time() - 3_600
    os.utime(note, (long_ago, long_ago))
    from beez.launch import embedded

    assert not embedded._lives(os.getpid(), note.stat().st_mtime)
    assert embedded._lives(os.getpid(), time.time())
