"""What can go wrong: processes killed and frozen, a lock held, connections that say nothing."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import servers
from load import BadAnswerError, Client

FROZEN_SECONDS = 8
SILENT_CONNECTIONS = 300
SILENT_SECONDS = 6


@dataclass
class Target:
    """A running Beez, and where its parts are."""

    folder: Path
    port: int
    redis: int  # port of its Redis, 0 for none
    up: "subprocess.Popen[bytes] | None" = None

    def wait_ready(self) -> None:
        deadline = time.monotonic() + servers.START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, BadAnswerError), Client(self.port) as client:
                client.json("GET", "/ready")
                return
            time.sleep(0.1)
        raise SystemExit("✗ Beez did not start.")

    def postgres(self) -> list[psutil.Process]:
        """The embedded Postgres, its first process first."""
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            pid = int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])
            first = psutil.Process(pid)
            return [first, *first.children(recursive=True)]
        return []

    def web(self) -> list[psutil.Process]:
        """The processes that listen on the port."""
        if self.up is None:
            return []
        with contextlib.suppress(psutil.Error):
            family = psutil.Process(self.up.pid).children(recursive=True)
            return [one for one in family if servers.listens(one, self.port)]
        return []

    def thaw(self) -> None:
        for process in [*self.postgres(), *self.web(), *self.redis_server()]:
            _signal(process, signal.SIGCONT)

    def redis_server(self) -> list[psutil.Process]:
        if not self.redis:
            return []
        return [
            one
            for one in psutil.process_iter(["name"])
            if one.info["name"] == "redis-server" and servers.listens(one, self.redis)
        ]


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.Error):
        process.send_signal(number)


@contextlib.contextmanager
def _frozen(processes: list[psutil.Process]) -> Iterator[None]:
    for process in processes:
        _signal(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            _signal(process, signal.SIGCONT)


def _kill_up(target: Target) -> None:
    if target.up is not None:
        target.up.kill()


def _kill_web_worker(target: Target) -> None:
    if web := target.web():
        _signal(max(web, key=lambda one: one.create_time()), signal.SIGKILL)


def _kill_web_master(target: Target) -> None:
    if web := target.web():
        _signal(min(web, key=lambda one: one.create_time()), signal.SIGKILL)


def _kill_postgres(target: Target) -> None:
    for process in target.postgres()[:1]:
        _signal(process, signal.SIGKILL)


def _kill_connection(target: Target) -> None:
    """One backend of Postgres, upon which the server ends all others and recovers."""
    for process in target.postgres()[-1:]:
        _signal(process, signal.SIGKILL)


def _freeze_postgres(target: Target) -> None:
    with _frozen(target.postgres()):
        time.sleep(FROZEN_SECONDS)


def _freeze_web(target: Target) -> None:
    with _frozen(target.web()):
        time.sleep(FROZEN_SECONDS / 2)


def _hold_rows(target: Target) -> None:
    """All rows of conversations, locked by somebody who takes his time."""
    hold = (
        "import time; from django.db import connection as c, transaction as t\n"
        "with t.atomic():\n"
        " c.cursor().execute('SELECT 1 FROM conversations_conversation FOR UPDATE')\n"
        f" time.sleep({FROZEN_SECONDS})"
    )
    environment = {**os.environ, "BEEZ_HOME": str(target.folder)}
    command = [servers.PYTHON, "manage.py", "shell", "--no-imports", "-c", hold]
    subprocess.run(
        command, cwd=servers.CHECKOUT, env=environment, check=False, capture_output=True, timeout=60
    )


def _say_nothing(target: Target) -> None:
    """Connections that send half a request line and wait."""
    with contextlib.ExitStack() as open_ones:
        for _ in range(SILENT_CONNECTIONS):
            with contextlib.suppress(OSError):
                one = socket.create_connection(("127.0.0.1", target.port), timeout=2)
                open_ones.enter_context(one)
                one.sendall(b"POST /classify-mess")
        time.sleep(SILENT_SECONDS)


def _freeze_redis(target: Target) -> None:
    with _frozen(target.redis_server()):
        time.sleep(FROZEN_SECONDS)


def _kill_redis(target: Target) -> None:
    for process in target.redis_server():
        _signal(process, signal.SIGKILL)


FAULTS: dict[str, Callable[[Target], None]] = {
    "manage.py up killed": _kill_up,
    "web worker killed": _kill_web_worker,
    "web master killed": _kill_web_master,
    "Postgres killed": _kill_postgres,
    "a connection of Postgres killed": _kill_connection,
    "Postgres frozen": _freeze_postgres,
    "web frozen": _freeze_web,
    "rows held": _hold_rows,
    "silent connections": _say_nothing,
    "Redis frozen": _freeze_redis,
    "Redis killed": _kill_redis,
}
