"""Where the processes of one web server count together: a folder that is new at each start.

Each process writes a small file there, and whoever answers `GET /metrics` adds them up. Processes
of several servers (two ports, two containers on one disk) must not meet, for their numbers may be
alike: hence a folder for each server, held by it for as long as it lives.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it when it is first imported
PREFIX = "beez-metrics-"


def prepare() -> None:
    """For whoever starts the processes of a web server, before one of them imports the metrics.

    A second call, a reload of the settings say, changes nothing.
    """
    if _ours():
        return
    _sweep()
    path = Path(tempfile.mkdtemp(prefix=PREFIX))
    descriptor = os.open(path, os.O_RDONLY)
    os.set_inheritable(descriptor, True)  # held on by what takes this process's place (exec)
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.environ[VARIABLE] = str(path)


def _ours() -> bool:
    path = os.environ.get(VARIABLE, "")
    return Path(path).name.startswith(PREFIX) and Path(path).is_dir()


def _sweep() -> None:
    """Remove the folders of servers that have ended, which the kernel has let go."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # somebody else's, or held
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(descriptor)
