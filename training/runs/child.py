"""Runs a training in a freshly spawned process of its own and waits for it.

Never in a forked worker: torch hangs there on the CPU (transformers#7516), and the memory of a
training goes back to the system with its process.
"""

import subprocess
import sys
from collections import deque
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from training.models import TrainingRun
from training.runs import recording

_TAIL = 20  # lines of output kept to tell why a training failed


def train(*arguments: str, trigger: str) -> int:
    """`manage.py train *arguments` in a child process; returns its exit status.

    A child that dies without a word (killed, out of memory) leaves a failed row all the same.
    """
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "train", "--trigger", trigger]
    started = timezone.now()
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        assert child.stdout is not None
        tail: deque[str] = deque(maxlen=_TAIL)
        for line in child.stdout:
            sys.stderr.write(line)
            tail.append(line)
        status = child.wait()
    if status != 0:
        _record_failure(recording.worker_name(child.pid), status, "".join(tail), trigger, started)
    return status


def _record_failure(worker: str, status: int, tail: str, trigger: str, started: datetime) -> None:
    """What the child could not record itself, with the end of its output."""
    why = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    reason = f"The training process {why}.\n{tail}".strip()
    recorded = TrainingRun.objects.filter(worker=worker, started_at__gte=started)
    if recording.end_lost(worker, reason) or recorded.exists():
        return
    TrainingRun.objects.create(
        state=TrainingRun.State.FAILED,
        trigger=trigger,
        reason=reason,
        worker=worker,
        lease_until=timezone.now(),
        finished_at=timezone.now(),
    )
