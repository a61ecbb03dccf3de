"""Tells a worker that something is waiting, from a thread of its own.

No request waits for the broker, which may be away or hang; many events at once make one task. A
kick that is lost costs some seconds: beat sends the same task all the time.
"""

import logging
import os
import threading
import time

from beez.api.logs import kind

logger = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two; a worker goes on looking for longer than that
SILENCE = 60.0  # seconds in which a broker that is away is not told of again

_wanted = threading.Event()
_starting = threading.Lock()
_started_in = 0  # the process whose thread runs


def kick() -> None:
    """Costs a flag."""
    global _started_in
    _wanted.set()
    if _started_in != os.getpid():
        with _starting:
            if _started_in != os.getpid():
                threading.Thread(target=_run, name="webhooks-kick", daemon=True).start()
                _started_in = os.getpid()


def _run() -> None:
    told = 0.0
    while True:
        _wanted.wait()
        _wanted.clear()
        try:
            _send()
        except Exception as error:  # whatever the broker's library raises
            if time.monotonic() - told > SILENCE:
                told = time.monotonic()
                logger.warning(
                    "Webhooks wait for the next sweep: no task was sent (%s)", kind(error)
                )
        time.sleep(PAUSE)


def _send() -> None:
    from beez.webhooks import tasks  # Celery's applications are set up by now

    tasks.deliver.apply_async(retry=False)
