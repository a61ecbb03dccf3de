"""Web, worker and beat say that they are there: each has a row, which a thread renews.

It says that the process runs, not that it has work; that jobs are taken up is a row of its own,
which a job of each minute renews. A database that is away is no concern of the
process: the thread tries again, on a connection of its own that it closes after each beat.
"""

import atexit
import logging
import socket
import threading
from datetime import datetime, timedelta
from typing import Literal, get_args

from django.db import connections
from django.utils import timezone

from beez.status.models import Heartbeat

logger = logging.getLogger(__name__)

Kind = Literal["web", "worker", "beat"]
KINDS: tuple[Kind, ...] = get_args(Kind)

JOBS = "jobs"  # name of the row

EVERY = 15.0  # seconds
LATE = timedelta(seconds=60)  # three beats missed, and some time for a slow one
FORGOTTEN = timedelta(days=1)  # containers get a new name each time, and leave the old row behind

_stop = threading.Event()
_threads: dict[Kind, threading.Thread] = {}


def start(kind: Kind) -> None:
    """Let this process be seen from now on; a second call changes nothing."""
    running = _threads.get(kind)
    if running is None or not running.is_alive():
        _stop.clear()
        _threads[kind] = threading.Thread(
            target=_run, args=(kind,), name=f"heartbeat-{kind}", daemon=True
        )
        _threads[kind].start()


def stop() -> None:
    _stop.set()
    for thread in _threads.values():
        thread.join(timeout=1)
    _threads.clear()


def beat(kind: Kind) -> None:
    """One statement: this process is there now. Raises Django's database errors."""
    row = Heartbeat(name=f"{kind}@{socket.gethostname()}", seen_at=timezone.now())
    Heartbeat.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["name"], update_fields=["seen_at"]
    )


def seen() -> dict[Kind, datetime | None]:
    """When a process of each kind was last seen, on whatever machine; None: not for a day."""
    rows = list(Heartbeat.objects.values_list("name", "seen_at"))
    return {
        kind: max((at for name, at in rows if name.startswith(f"{kind}@")), default=None)
        for kind in KINDS
    }


def note_jobs_move() -> None:
    """A worker takes up jobs, or has begun just now. Raises Django's database errors."""
    Heartbeat.objects.update_or_create(name=JOBS, defaults={"seen_at": timezone.now()})


def jobs_moved() -> datetime | None:
    """When a worker was last known to take up jobs; None: never."""
    return Heartbeat.objects.filter(name=JOBS).values_list("seen_at", flat=True).first()


def forget_old() -> None:
    old = Heartbeat.objects.filter(seen_at__lt=timezone.now() - FORGOTTEN)
    old.exclude(name=JOBS).delete()


def _run(kind: Kind) -> None:
    reachable, first = True, True
    while True:
        try:
            beat(kind)
            if first:
                forget_old()
            if first and kind == "worker":
                note_jobs_move()
            reachable, first = True, False
        except Exception as error:  # whatever ails the database, the process has other work
            if reachable:
                logger.warning("The heartbeat cannot be written: %s", error)
            reachable = False
        finally:
            connections.close_all()
        if _stop.wait(EVERY):
            return


atexit.register(stop)
