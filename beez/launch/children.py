"""The processes that `manage.py up` starts, each in a session of its own.

So a Ctrl-C reaches `up` alone, which then stops them in order, and a child's own children (a
training, say) can be ended with it.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from beez import env

GRACE_SECONDS = 8.0

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]

    def is_over(self) -> bool:
        return self.process.poll() is not None


def start(name: str, *arguments: str, orders: bool = False) -> Child:
    """Run this interpreter with `arguments` in the checkout; output goes where ours goes. With
    `orders` its standard input is a pipe from here."""
    command = [sys.executable, *arguments]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE if orders else None,
        cwd=env.BASE_DIR,
        start_new_session=True,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - `up` has one thread
    )
    return Child(name, process)


def end_with_parent() -> None:
    """Linux: SIGTERM for this process should its parent be killed, which then stops nothing."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(children: Sequence[Child]) -> None:
    """Ask all to end, wait `GRACE_SECONDS` for them together, then kill whatever is left."""
    for child in children:
        if not child.is_over():
            child.process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
        _kill_session(child)
        child.process.wait()


def _kill_session(child: Child) -> None:
    nobody_left = (ProcessLookupError, PermissionError)  # macOS says the latter
    with contextlib.suppress(*nobody_left):
        os.killpg(child.process.pid, signal.SIGKILL)
