"""Sends messages to a server and takes the time of each answer.

Plain sockets that stay open, a request in one piece: Python's HTTP clients take about as long as
the servers measured here, and share the cores with them.
"""

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Self

TIMEOUT_SECONDS = 120


class BadAnswerError(Exception):
    """The server answered something else than 200."""


@dataclass(frozen=True)
class Post:
    path: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """Seconds that each answer took, and that all took together."""

    answers: list[float]
    wall: float
    lengths: list[int] = field(default_factory=list)  # characters of each message, if it was one

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.answers) / self.wall


class Client:
    """A connection that is kept alive, where the server does so; else a new one each time."""

    def __init__(self, port: int, *, key: str = "") -> None:
        self._port = port
        self._connect()
        self._headers = (
            f"HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json\r\n"
            + (f"Authorization: Bearer {key}\r\n" if key else "")
            + "Content-Length: "
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._is_over = False

    def seconds(self, post: Post) -> float:
        """How long the answer takes, from the first byte sent to the last one received."""
        request = self._request("POST", post.path, json.dumps(post.body).encode())
        started = time.perf_counter()
        self._exchange(request)
        return time.perf_counter() - started

    def json(self, method: str, path: str) -> Any:
        return json.loads(self._exchange(self._request(method, path, b"")))

    def _request(self, method: str, path: str, body: bytes) -> bytes:
        return f"{method} {path} {self._headers}{len(body)}\r\n\r\n".encode() + body

    def _exchange(self, request: bytes) -> bytes:
        if self._is_over:
            self._socket.close()
            self._connect()
        self._socket.sendall(request)
        received = b""
        while (split := received.find(b"\r\n\r\n")) < 0:
            received += self._receive()
        head, body = received[:split].lower(), received[split + 4 :]
        length = int(head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._receive()
        self._is_over = b"\r\nconnection: close" in head
        if head.split(b" ", 2)[1] != b"200":
            raise BadAnswerError(f"{head.splitlines()[0].decode()}: {body.decode()[:300]}")
        return body

    def _receive(self) -> bytes:
        received = self._socket.recv(65_536)
        if not received:
            raise ConnectionError("The server has closed the connection.")
        return received


def measure(shares: Sequence[Sequence[Post]], *, port: int, key: str = "") -> Sample:
    """A client for each share, which it sends one after another; all clients at once."""
    return _sent([iter(share) for share in shares], port=port, key=key)


def measure_for(
    seconds: float, streams: Sequence[Iterator[Post]], *, port: int, key: str = ""
) -> Sample:
    """A client for each endless stream, which it sends on until the time is over: whoever answers
    faster is asked more."""
    return _sent(streams, port=port, key=key, seconds=seconds)


def _sent(
    streams: Sequence[Iterator[Post]], *, port: int, key: str, seconds: float = float("inf")
) -> Sample:
    stop = threading.Event()

    def send(client: Client, posts: Iterator[Post]) -> list[tuple[float, int]]:
        found = []
        while not stop.is_set() and time.perf_counter() - started < seconds:
            if (post := next(posts, None)) is None:
                break
            found.append((client.seconds(post), len(post.body.get("message", ""))))
        return found

    with ExitStack() as open_clients, ThreadPoolExecutor(len(streams)) as pool:
        clients = [open_clients.enter_context(Client(port, key=key)) for _ in streams]
        for client in clients:
            client.json("GET", "/ready")  # a server takes longer for a connection's first request
        try:
            started = time.perf_counter()
            sent = [one for part in pool.map(send, clients, streams) for one in part]
            wall = time.perf_counter() - started
            return Sample([one for one, _ in sent], wall, [length for _, length in sent])
        except BaseException:
            stop.set()
            raise


def overhead(rounds: int = 500) -> float:
    """Median seconds of a request to a server that does nothing: what the client itself takes."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n" + b"x" * 300
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                while connection.recv(65_536):
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        with Client(server.getsockname()[1]) as client:
            post = Post("/", {"message": "Any code for new customers?"})
            return sorted(client.seconds(post) for _ in range(rounds))[rounds // 2]
