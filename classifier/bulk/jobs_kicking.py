"""Tells workers that a bulk job waits, from a thread of its own: no request waits for the broker.

What is lost costs some seconds, for beat sends the same task all the time.
"""

import logging
import threading

from beez.api.logs import kind

logger = logging.getLogger(__name__)

WORKERS = 8  # told at once; a worker that is told twice lets the second task fall


def kick(workers: int = WORKERS) -> None:
    threading.Thread(target=_send, args=(workers,), name="bulk-kick", daemon=True).start()


def _send(workers: int) -> None:
    from classifier import tasks  # Celery's applications are set up by now

    try:
        for _ in range(workers):
            tasks.work_on_bulk_jobs.apply_async(retry=False)
    except Exception as error:  # whatever the broker's library raises
        logger.warning("A bulk job waits for the next sweep: no task was sent (%s)", kind(error))
