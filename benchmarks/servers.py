"""Starts and stops what is compared: the original's design, Beez as `make run` starts it, and
Beez' engine alone.

Each runs in a session of its own with its output in a file, so that Ctrl-C reaches the benchmark,
which then stops them in order.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil
from load import BadAnswerError, Client

CHECKOUT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
START_SECONDS = 180
STOP_SECONDS = 20


class StartError(Exception):
    """A process did not start or has ended; the message ends with what it said."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that has answered `/ready`, and what it said there."""

    port: int
    key: str
    web: psutil.Process  # the one that serves
    ready: dict[str, Any]
    start: float  # seconds from the command to the answer
    web_start: float  # seconds from the start of the process that serves

    def memory(self) -> int:
        """Resident bytes of the process that serves."""
        return int(self.web.memory_info().rss)

    def memory_of_all(self) -> int:
        """Bytes of all processes that serve and of the one that started them; what they share
        counts once (Linux)."""
        first = self.web.parent()
        return sum(one.memory_full_info().pss for one in (first, *first.children()))


class Engine:
    """The engine's process; see engine.py."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def seconds(self, messages: Sequence[str]) -> list[float]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(messages).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise StartError("The engine's process ended; what it said stands above.")
        answer: list[float] = json.loads(line)
        return answer


@contextlib.contextmanager
def original(folder: Path) -> Iterator[Server]:
    port = free_port()
    command = ("-m", "uvicorn", "original:app", "--app-dir", str(Path(__file__).parent))
    options = ("--workers", "1", "--port", str(port), "--no-access-log")
    log = folder / "original.log"
    with log.open("wb") as output, _process(*command, *options, output=output) as process:
        yield _wait(process, log=log, port=port, key="")


@contextlib.contextmanager
def beez(folder: Path, *, environment: dict[str, str], key: str) -> Iterator[Server]:
    port = free_port()
    environment = {**environment, "PORT": str(port)}
    log = folder / "beez.log"
    with (
        log.open("wb") as output,
        _process("manage.py", "up", output=output, environment=environment) as process,
    ):
        yield _wait(process, log=log, port=port, key=key)


@contextlib.contextmanager
def web(
    folder: Path, name: str, *command: str, environment: dict[str, str], key: str
) -> Iterator[Server]:
    """A web server alone; `{port}` in its command stands for the port."""
    port = free_port()
    environment = {**environment, "PORT": str(port)}
    arguments = [part.format(port=port) for part in command]
    log = folder / f"{name}.log"
    with (
        log.open("wb") as output,
        _process(*arguments, output=output, environment=environment) as process,
    ):
        yield _wait(process, log=log, port=port, key=key)


@contextlib.contextmanager
def engine(*, environment: dict[str, str]) -> Iterator[Engine]:
    environment = {**environment, "PYTHONPATH": str(CHECKOUT)}
    script = str(Path(__file__).with_name("engine.py"))
    with _process(
        script, output=subprocess.PIPE, source=subprocess.PIPE, environment=environment
    ) as process:
        yield Engine(process)


@contextlib.contextmanager
def _process(
    *arguments: str,
    output: IO[bytes] | int,
    source: int = subprocess.DEVNULL,
    environment: dict[str, str] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env=environment,
        stdin=source,
        stdout=output,
        stderr=None if output is subprocess.PIPE else subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.stdin:
            process.stdin.close()  # ends by itself, and takes itself off the users of Postgres
        else:
            process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", *, log: Path, port: int, key: str) -> Server:
    """Wait until `/ready` is answered with 200."""
    started = psutil.Process(process.pid).create_time()
    while time.time() - started < START_SECONDS and process.poll() is None:
        with contextlib.suppress(OSError, BadAnswerError), Client(port) as client:
            ready = client.json("GET", "/ready")
            now = time.time()
            web = _listener(process.pid, port)
            return Server(
                port=port,
                key=key,
                web=web,
                ready=ready,
                start=now - started,
                web_start=now - web.create_time(),
            )
        time.sleep(0.02)
    raise StartError(f"{log.stem} did not start:\n{log.read_text()[-2_000:]}")


def _listener(pid: int, port: int) -> psutil.Process:
    """The process below `pid` that serves: of those listening on the port, the youngest."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    listening = [one for one in family if listens(one, port)]
    return max(listening, key=lambda one: (one.create_time(), one.pid))


def listens(process: psutil.Process, port: int) -> bool:
    connections = process.net_connections(kind="tcp")
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
