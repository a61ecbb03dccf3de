"""Runs a training in a freshly spawned process of its own and waits for it.

Never in a forked worker: torch hangs there on the CPU (transformers#7516), and the memory of a
training goes back to the system with its process. Who waits also ends a training that was
cancelled and does not react, and takes it along when it is to end itself.
"""

import contextlib
import logging
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from training.models import TrainingRun
from training.runs import recording
from training.runs.outages import outlive
from training.runs.worker import Worker

logger = logging.getLogger(__name__)

POLL_SECONDS = 2.0
GRACE = timedelta(seconds=15)  # for a cancelled training to stop by itself
LAST_GRACE_SECONDS = 10.0  # for one that was sent SIGTERM
_TAIL = 20  # lines of output kept to tell why a training failed

_running: set[subprocess.Popen[str]] = set()


def train(*arguments: str, trigger: str, asked: int | None = None) -> int:
    """`manage.py train *arguments` in a child process; returns its exit status.

    It begins the row `asked`, where that is given. A child that dies without a word (killed, out
    of memory) leaves a failed row all the same.
    """
    manage = str(settings.BASE_DIR / "manage.py")
    of_row = [] if asked is None else [f"--asked={asked}"]
    command = [sys.executable, manage, "train", "--trigger", trigger, *of_row, *arguments]
    started = timezone.now()
    tail: deque[str] = deque(maxlen=_TAIL)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as child:
        worker = Worker.of(child.pid)
        reader = threading.Thread(target=_pass_on, args=(child.stdout, tail), daemon=True)
        reader.start()
        _running.add(child)
        try:
            _wait(child, worker)
        finally:
            _end(child)
            _running.discard(child)
        reader.join()
    if child.returncode != 0:
        why = _why(child.returncode, "".join(tail))
        outlive(lambda: _record_failure(worker, why, trigger, started, asked))
    return child.returncode


def stop_all() -> None:
    """Ask the trainings that this process waits for to end: it is about to end itself."""
    for child in list(_running):
        child.terminate()


def _pass_on(lines: Iterable[str], tail: deque[str]) -> None:
    for line in lines:
        print(line, end="", file=sys.__stderr__)  # a worker's own stderr makes warnings of lines
        tail.append(line)


def _wait(child: subprocess.Popen[str], worker: Worker) -> None:
    """Until the child is over, or has not heeded a cancellation."""
    while child.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(POLL_SECONDS)
            return
        if _does_not_react(worker):
            logger.warning("The cancelled training %s does not react and is ended", worker.name)
            return


def _does_not_react(worker: Worker) -> bool:
    try:
        return TrainingRun.objects.filter(
            state=TrainingRun.State.RUNNING,
            identity=worker.as_dict(),
            cancel_requested_at__lt=timezone.now() - GRACE,
        ).exists()
    except (DatabaseError, InterfaceError):  # an outage, which the training itself outlives
        connection.close()
        return False


def _end(child: subprocess.Popen[str]) -> None:
    """SIGTERM, on which a training closes its row, and SIGKILL where that does nothing."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(LAST_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _why(status: int, tail: str) -> str:
    why = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return f"The training process {why}.\n{tail}".strip()


def _record_failure(
    worker: Worker, reason: str, trigger: str, started: datetime, asked: int | None
) -> None:
    """What the child could not record itself, with the end of its output."""
    if asked is not None and recording.drop(asked, TrainingRun.State.FAILED, reason):
        return
    recorded = TrainingRun.objects.filter(identity=worker.as_dict(), started_at__gte=started)
    if not recording.end_lost(worker, reason) and not recorded.exists():
        recording.fail(worker, trigger=trigger, reason=reason)
