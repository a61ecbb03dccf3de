"""When a key was last used: noted by requests, written beside them by a thread, every few seconds.

At most once a minute for each key, however many processes ask. What a process has noted when it is
killed is lost; one that ends writes it first, if that takes no longer than `LONGEST_END`.
"""

import logging
import threading
from datetime import datetime, timedelta
from multiprocessing.util import Finalize

from django.db import connections, transaction
from django.db.models import Q
from django.utils import timezone

from beez.api.models import ApiKey

logger = logging.getLogger(__name__)

PRECISION = timedelta(minutes=1)  # a busy key would otherwise cost one write for each request
EVERY = 5.0  # seconds
LONGEST_END = 2.0  # seconds

_noted: dict[int, datetime] = {}
_stop = threading.Event()
_writer: threading.Thread | None = None


def note(row: ApiKey) -> None:
    """The key was used now. Costs no statement."""
    now = timezone.now()
    if row.last_used_at is None or row.last_used_at <= now - PRECISION:
        _noted[row.pk] = now


def write() -> None:
    """Store what was noted, in one transaction. Raises Django's database errors, and then what was
    noted is kept for the next time."""
    taken: dict[int, datetime] = {}
    while _noted:
        pk, moment = _noted.popitem()
        taken[pk] = moment
    try:
        with transaction.atomic():
            for pk, moment in sorted(taken.items()):  # in one order: no deadlock
                due = Q(last_used_at=None) | Q(last_used_at__lte=moment - PRECISION)
                ApiKey.objects.filter(due, pk=pk).update(last_used_at=moment)
    except Exception:
        for pk, moment in taken.items():
            _noted.setdefault(pk, moment)
        raise


def start() -> None:
    """Write from now on in this process; a second call changes nothing."""
    global _writer
    if _writer is None or not _writer.is_alive():
        _stop.clear()
        _writer = threading.Thread(target=_run, name="last-use", daemon=True)
        _writer.start()


def stop() -> None:
    """Write what is noted, and end the thread."""
    global _writer
    _stop.set()
    if _writer is not None:
        _writer.join(timeout=LONGEST_END)
    _writer = None


def _run() -> None:
    reachable = True
    stopped = False
    while not stopped:
        stopped = _stop.wait(EVERY)
        if not _noted:
            continue
        try:
            write()
            reachable = True
        except Exception as error:  # whatever ails the database, the next time may be better
            if reachable:
                logger.warning("When keys were used cannot be written: %s", error)
            reachable = False
        finally:
            connections.close_all()


Finalize(None, stop, exitpriority=0)  # the web server's processes are multiprocessing's: no atexit
