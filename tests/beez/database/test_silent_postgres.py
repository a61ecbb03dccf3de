"""A Postgres that is frozen or full, or rows that somebody holds: callers hear soon, nothing is
lost."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg
import pytest
from django.db import OperationalError, connection

from beez.database import outage
from tests.beez import started

THREADS = 8  # of the web process
LIMITS = {"DATABASE_STATEMENT_TIMEOUT": "3", "DATABASE_LOCK_TIMEOUT": "1"}


class Beez(started.Up):
    """A web server whose Postgres can be frozen."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, sys.executable, "-m", "beez.launch.web", **LIMITS)
        self.wait_until_it_answers("/ready")
        self.key = started.manage(home, "api_key", "create", "t", "--scopes", "classify,read")
        postmaster = (home / "postgres" / "postmaster.pid").read_text().splitlines()
        self.postmaster, self.url = int(postmaster[0]), f"host={postmaster[4]} user=postgres"

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        server = psutil.Process(self.postmaster)
        for process in (server, *server.children()):
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)

    def post(self, conversation: str, number: int) -> tuple[int, Message, dict]:
        """Status, headers and JSON of the answer to a message of that number."""
        body = {
            "conversation_id": conversation,
            "message": f"Any discount? ({number})",
            "message_id": str(number),
        }
        return self.ask("/classify-conversation", json.dumps(body).encode())

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, Message, dict]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.address + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                return answer.status, answer.headers, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.headers, json.load(error)

    def post_at_once(self, conversation: str, count: int = THREADS) -> list:
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda number: self.post(conversation, number), range(count)))

    def positions(self, conversation: str) -> list[tuple[int, str]]:
        _, _, found = self.ask(f"/conversation/{conversation}")
        return sorted((one["position"], one["message_id"]) for one in found["messages"])


@pytest.fixture(scope="module")
def beez():
    with TemporaryDirectory(prefix="frozen-", dir=os.environ["BEEZ_HOME"]) as folder:
        home = Path(folder)
        started.with_a_live_model(home)
        running = Beez(home)
        yield running
        running.thaw()
        running.end()


def assert_told(answers, code):
    for status, headers, body in answers:
        assert (status, body["error"]["code"]) == (503, code)
        assert int(headers["Retry-After"]) >= 1


def test_a_frozen_postgres_is_told_and_then_refused_at_once_and_nothing_is_lost(beez):
    assert {status for status, *_ in beez.post_at_once("c")} == {200}
    before = beez.positions("c")
    lines = beez.output.count("Database unavailable")
    beez.freeze()
    began = time.monotonic()
    assert_told(beez.post_at_once("frozen"), "unavailable")
    assert time.monotonic() - began < 20
    assert beez.ask("/health")[0] == 200
    assert beez.ask("/ready")[0] == 503
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(beez.post, "frozen", 0)  # the one that waits for an answer
        time.sleep(0.5)
        began = time.monotonic()
        assert_told([beez.post("frozen", 1), beez.post("frozen", 2)], "unavailable")
        assert time.monotonic() - began < 4
        assert_told([asking.result()], "unavailable")
    assert beez.output.count("Database unavailable") - lines <= THREADS + 4
    assert "discount" not in beez.output
    beez.thaw()
    beez.wait_until_it_answers("/ready", seconds=15)
    assert {status for status, *_ in beez.post_at_once("frozen")} == {200}
    assert [position for position, _ in beez.positions("frozen")] == list(range(1, THREADS + 1))
    assert len({message for _, message in beez.positions("frozen")}) == THREADS
    assert beez.positions("c") == before


def test_posts_that_wait_for_one_row_are_told_to_come_again_and_others_go_on(beez):
    beez.post("held", 100)
    with psycopg.connect(f"{beez.url} dbname=beez") as holder:
        holder.execute(
            "SELECT FROM conversations_conversation WHERE conversation_id = 'held' FOR UPDATE"
        )
        assert_told(beez.post_at_once("held"), "busy")
        assert beez.post("free", 1)[0] == 200
    assert len(beez.positions("held")) == 1
    assert {status for status, *_ in beez.post_at_once("held")} == {200}
    assert len(beez.positions("held")) == 1 + THREADS


@pytest.fixture
def small_disk(beez):
    """Where messages are stored from now on: room for a few hundred."""
    folder = beez.home / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("may mount nothing here")
    shutil.chown(folder, (beez.home / "postgres").owner())
    admin = psycopg.connect(f"{beez.url} dbname=beez", autocommit=True)
    try:
        admin.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
        admin.execute("ALTER TABLE conversations_message SET TABLESPACE small")
        yield folder
        admin.execute("ALTER TABLE conversations_message SET TABLESPACE pg_default")
        admin.execute("DROP TABLESPACE small")
    finally:
        admin.close()
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_told_and_once_there_is_room_posts_go_on(beez, small_disk):
    assert beez.post("full", 0)[0] == 200
    other = small_disk / "something else"
    with contextlib.suppress(OSError), other.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    answers = [beez.post("full", number) for number in range(1, 100)]
    refused = [number for number, answer in enumerate(answers, 1) if answer[0] != 200]
    assert 99 in refused
    assert_told([answers[number - 1] for number in refused], "storage_full")
    stored = beez.positions("full")
    assert len(stored) == 100 - len(refused)
    assert not {message for _, message in stored} & {str(number) for number in refused}
    assert beez.ask("/ready")[0] == 200
    other.unlink()
    assert {beez.post("full", number)[0] for number in refused} == {200}
    assert [position for position, _ in beez.positions("full")] == list(range(1, 101))


@pytest.fixture
def suspicion():
    outage.forget()
    yield
    outage.forget()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_statement_is_given_up_and_its_connection_thrown_away(suspicion):
    connection.ensure_connection()
    connection.connection.deadline = 0.2
    given_up = pytest.raises(OperationalError, match=r"no answer within 0\.2 seconds")
    with given_up, connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(20)")
    assert connection.connection.closed
    connection.close_if_unusable_or_obsolete()
    assert not outage.suspected() or connection.connection is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert not outage.suspected()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_while_one_asks_a_silent_database_the_others_are_refused(suspicion):
    connection.close()
    outage.suspect()
    with outage.asking():
        outage.suspect()
        with pytest.raises(OperationalError, match="another thread is asking"):
            connection.ensure_connection()
    connection.ensure_connection()
