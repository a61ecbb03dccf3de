"""The listening sockets of the web server: one for each process that serves, shared with nobody."""

import errno
import socket
import sys
import time

from beez.launch import preflight

BACKLOG = 2_048  # connections that wait to be accepted
SILENT_SECONDS = 1  # after which a connection that says nothing is accepted all the same
FREE_SECONDS = 10.0  # in which whoever was killed lets go of the port


def sockets(where: tuple[str, int], many: int, client_seconds: int) -> list[socket.socket]:
    """On Linux the kernel spreads connections over them; of one that several processes share,
    whoever wakes first takes all that wait. Elsewhere it would not spread them.

    On Linux, too, a client that takes nothing of its answer for `client_seconds` is cut off, and a
    connection is accepted when its first bytes are there: one without any is closed unanswered by
    a process that ends.
    """
    _wait_until_free(where)
    if sys.platform != "linux":
        return [_not_blocking(preflight.listen(where, backlog=BACKLOG))] * many
    try:
        found = [
            _not_blocking(preflight.listen(where, backlog=BACKLOG, shared=True))
            for _ in range(many)
        ]
    except OSError as error:
        preflight.refuse(where, error)
    for listener in found:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, client_seconds * 1_000)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, SILENT_SECONDS)
    return found


def _not_blocking(listener: socket.socket) -> socket.socket:
    listener.setblocking(False)
    return listener


def _wait_until_free(where: tuple[str, int]) -> None:
    """For one that shares its port with nobody: not with another Beez either."""
    deadline = time.monotonic() + FREE_SECONDS
    while True:
        try:
            preflight.listen(where).close()
            return
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                preflight.refuse(where, error)
        time.sleep(0.1)
