"""Clients of the web server: well-behaved ones in threads, and sockets that are not."""

import json
import socket
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    body: Any
    seconds: float


def ask(beez, path, body=None, *, seconds=60, key=None):
    key = key or (beez.home / "key").read_text()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(beez.address + path, data, headers)
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            content = json.load(answer)
            return Answer(answer.status, answer.headers, content, time.monotonic() - began)
    except urllib.error.HTTPError as answer:
        content = json.load(answer)
        return Answer(answer.code, answer.headers, content, time.monotonic() - began)


class Asking:
    """The same request from so many clients at once, each in a thread of its own."""

    def __init__(self, beez, path, body=None, *, clients):
        self._pool = ThreadPoolExecutor(clients)
        self._asked = [self._pool.submit(ask, beez, path, body) for _ in range(clients)]

    def answers(self):
        found = [asked.result() for asked in self._asked]
        self._pool.shutdown()
        return found

    def over(self):
        return [asked.result() for asked in self._asked if asked.done()]


def connect(beez, sent=b"", *, receive_buffer=None):
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", int(beez.port)))
    connection.sendall(sent)
    return connection


def rest(connection):
    """All that still comes, until the server closes the connection."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))
