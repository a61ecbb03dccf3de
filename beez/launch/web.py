"""The one command that starts the web server: `python -m beez.launch.web`.

It listens, and starts the processes that serve. SIGTERM ends them when they have answered what they
have begun, SIGHUP exchanges them for new ones, which read the settings anew.
"""

import gc
import os
import resource
import signal
import socket
import threading
import time
from functools import partial
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketHolder
from granian.server.mp import MPServer, WorkerProcess

from beez import env
from beez.launch import listening, local, preflight
from beez.metrics import folder
from classifier import cores

MOST_WORKERS = 4  # unless WEB_WORKERS says so
STOP_SECONDS = 30  # in which what has been begun is answered
HEAD_BYTES = 65_536  # of a request's line and headers, and what is read of a connection ahead
OTHER_FILES = 200  # open ones that are no connection


class Server(MPServer):
    """granian on listening sockets that outlive the processes that serve.

    Its own way is a socket that ends with its process, and what waits there is lost.
    """

    listeners: list[socket.socket]  # one for each process

    def _init_shared_socket(self) -> None:
        self._ssp = self._sso = None

    def _spawn_worker(  # type: ignore[override]  # nor does granian keep to its base
        self, idx: int, target: Any, callback_loader: Any
    ) -> WorkerProcess:
        make: Any = SocketHolder  # its types know no arguments
        self._shd = make(self.listeners[idx].fileno(), False, listening.BACKLOG)
        others = [one for one in self.listeners if one is not self.listeners[idx]]
        return super()._spawn_worker(idx, target, partial(callback_loader, others))


def main() -> None:
    folder.prepare()
    given = dict(os.environ)
    client_seconds = env.integer("CLIENT_SECONDS", 30, minimum=1, maximum=60)
    host, port = preflight.address()
    workers = env.integer("WEB_WORKERS", 0, maximum=256) or _as_many_as_pay()
    server = Server(
        "beez.web",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        backlog=listening.BACKLOG,
        backpressure=_connections(),
        http1_settings=HTTP1Settings(
            header_read_timeout=client_seconds * 1_000, max_buffer_size=HEAD_BYTES
        ),
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )
    server.listeners = listening.sockets((host, port), workers, client_seconds)
    local.prepare_environment()
    server.on_reload(lambda: _read_settings_anew(given))
    server.serve(target_loader=partial(_load, client_seconds), wrap_loader=False)


def _as_many_as_pay() -> int:
    """Processes: Python's part of a request uses one core in each. Every one takes memory, and a
    connection to Postgres for each of its places."""
    return min(cores.available(), MOST_WORKERS)


def _connections() -> int:
    """WEB_CONNECTIONS, or as many as this process may have files open."""
    wanted = env.integer("WEB_CONNECTIONS", 4_096, minimum=1, maximum=1_000_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = wanted + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < enough:
        soft = enough if hard == resource.RLIM_INFINITY else min(enough, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - OTHER_FILES))


def _read_settings_anew(given: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(given)
    env.read_file.cache_clear()
    local.prepare_environment()


def _load(client_seconds: int, others: list[socket.socket]) -> Any:
    """In each process that serves; until it does, a signal to end is not one to finish first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    for listener in others:  # or these would keep the port after the process that serves there
        listener.close()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    from beez import wsgi  # first, for the rest needs Django's settings
    from beez.web.application import Application

    application = Application(wsgi.application, client_seconds=client_seconds)
    gc.freeze()  # what is there by now stays, and a look at all of it takes 0.1 s
    return application


def _end_with(parent: int) -> None:
    """A process whose parent was killed lets go of the port at once, and ends when it has
    answered what it has begun."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
