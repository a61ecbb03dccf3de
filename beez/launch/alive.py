"""A process without a port shows that it lives by a file: `python -m beez.launch.alive worker`.

Worker and beat touch a file of their own, named after the machine, so that a health check asks the
process beside it and neither the database nor the broker: an outage elsewhere gets no worker, and
no training of hours in it, restarted.
"""

import contextlib
import os
import socket
import sys
import threading
import time
from pathlib import Path

from beez import env

EVERY = 5.0  # seconds
LATE = 30.0
FORGOTTEN = 86_400.0  # containers get a new name each time, and a killed one leaves its file behind


def start(kind: str) -> None:
    """Show from now on that this process lives, until it ends."""
    path = _path(kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if _age(other) > FORGOTTEN:
                other.unlink()
    threading.Thread(target=_run, args=(path,), name=f"alive-{kind}", daemon=True).start()


def lives(kind: str) -> bool:
    """Whether the process of that kind on this machine has shown itself of late."""
    try:
        return _age(_path(kind)) < LATE
    except FileNotFoundError:
        return False


def _run(path: Path) -> None:
    while True:
        with contextlib.suppress(OSError):  # a full disk is told elsewhere
            path.touch()
            os.utime(path, (now := time.time(), now))  # by this clock, not by a file server's
        time.sleep(EVERY)


def _path(kind: str) -> Path:
    home = env.folder("BEEZ_HOME", env.BASE_DIR / "var")
    return home / "alive" / f"{kind}@{socket.gethostname()}"


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime


if __name__ == "__main__":
    sys.exit(not lives(sys.argv[1]))
