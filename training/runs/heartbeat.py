"""Says every two seconds that a training lives, and hears whether it is to stop.

A thread with a database connection of its own, so that the lease is renewed whatever the training
does meanwhile, and a database that is away holds up no batch.
"""

import logging
import threading
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from training.models import TrainingRun

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
BEAT_SECONDS = 2.0


class Heartbeat:
    """Beats within a `with` block.

    `progress` is written with the next beat. `seen` is the row as the last beat found it, None
    before that.
    """

    def __init__(self, run_id: int) -> None:
        self._run_id = run_id
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="training-heartbeat", daemon=True)
        self.progress: dict[str, Any] = {}
        self.seen: TrainingRun | None = None

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=10)  # longer than an attempt to connect takes

    def _work(self) -> None:
        away = False
        try:
            while not self._stop.wait(BEAT_SECONDS):
                try:
                    self._beat()
                    away = False
                except Exception as error:  # whatever it is, the next beat may succeed
                    if not away:
                        logger.warning("The training's lease cannot be renewed: %s", error)
                    away = True
                    connection.close()
        finally:
            connection.close()

    def _beat(self) -> None:
        rows = TrainingRun.objects.filter(pk=self._run_id)
        rows.filter(state=TrainingRun.State.RUNNING).update(
            lease_until=timezone.now() + LEASE,
            **({"progress": self.progress} if self.progress else {}),
        )
        self.seen = rows.only("state", "cancel_requested_at", "cancel_requested_by").first()
