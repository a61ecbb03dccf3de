"""A Postgres as far away as one behind a network: what is sent to its socket, and back, takes a
while."""

import queue
import socket
import threading
import time
from pathlib import Path

Pipe = queue.SimpleQueue[tuple[float, bytes]]


def between(there: Path, seconds: float) -> int:
    """A port of this machine that leads to the socket `there`; an exchange takes `seconds` more."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener, there, seconds / 2), daemon=True).start()
    port: int = listener.getsockname()[1]
    return port


def _accept(listener: socket.socket, there: Path, seconds: float) -> None:
    while True:
        near, _ = listener.accept()
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        far = socket.socket(socket.AF_UNIX)
        far.connect(str(there))
        for source, target in ((near, far), (far, near)):
            pipe: Pipe = queue.SimpleQueue()
            threading.Thread(target=_read, args=(source, pipe, seconds), daemon=True).start()
            threading.Thread(target=_write, args=(target, pipe), daemon=True).start()


def _read(source: socket.socket, pipe: Pipe, seconds: float) -> None:
    while True:
        data = source.recv(65_536)
        pipe.put((time.perf_counter() + seconds, data))
        if not data:
            return


def _write(target: socket.socket, pipe: Pipe) -> None:
    while True:
        due, data = pipe.get()
        if not data:
            target.close()
            return
        time.sleep(max(0.0, due - time.perf_counter()))
        target.sendall(data)
