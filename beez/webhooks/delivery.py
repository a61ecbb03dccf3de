"""Takes what is due, sends it, and writes down what came of it, until nothing is due any more.

One thread asks the database; threads of its pool do nothing but wait for receivers. An endpoint
has a few of them at most, so that one that does not answer keeps the others from nothing.
"""

import logging
import threading
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from django.conf import settings

from beez import __version__
from beez.api.logs import kind
from beez.webhooks import claiming, payload, sending, settling, signing
from beez.webhooks.models import WebhookDelivery
from beez.webhooks.sending import Answer

logger = logging.getLogger(__name__)

LANES = 24  # deliveries under way in this process
EACH = 4  # of them to one endpoint
LONGEST = 50.0  # seconds of one pass
LINGER = 1.5  # seconds without work before it ends: longer than `kicking.PAUSE`
POLL = 0.25

_one_at_a_time = threading.Lock()
_stop = threading.Event()


def run(*, seconds: float = LONGEST, linger: float = LINGER) -> int:
    """Deliver what is due and what becomes due meanwhile; returns the number of attempts.

    One pass at a time in a process: where one goes on already, it takes what is new along.
    """
    if not _one_at_a_time.acquire(blocking=False):
        return 0
    try:
        return _Pass(seconds, linger).run()
    finally:
        _one_at_a_time.release()


def stop() -> None:
    """This process is about to end: take nothing more."""
    _stop.set()


class _Pass:
    def __init__(self, seconds: float, linger: float) -> None:
        self._until = time.monotonic() + seconds
        self._linger = linger
        self._under_way: dict[Future[Answer], WebhookDelivery] = {}
        self._attempts = 0

    def run(self) -> int:
        idle_since = time.monotonic()
        with ThreadPoolExecutor(LANES, thread_name_prefix="webhooks") as self._pool:
            while True:
                if self._goes_on():
                    self._take()
                if self._under_way:
                    self._settle()
                    idle_since = time.monotonic()
                elif not self._goes_on() or time.monotonic() - idle_since >= self._linger:
                    return self._attempts
                else:
                    time.sleep(POLL)

    def _goes_on(self) -> bool:
        return time.monotonic() < self._until and not _stop.is_set()

    def _take(self) -> None:
        busy = Counter(delivery.endpoint_id for delivery in self._under_way.values())
        for endpoint in claiming.awake():
            free = min(EACH - busy[endpoint.pk], LANES - len(self._under_way))
            if free > 0:
                for delivery in claiming.claim(endpoint, most=free):
                    self._under_way[self._pool.submit(sending.post, **_request(delivery))] = (
                        delivery
                    )

    def _settle(self) -> None:
        done, _ = wait(self._under_way, timeout=POLL, return_when=FIRST_COMPLETED)
        for future in done:
            settling.settle(self._under_way.pop(future), _answer(future))
            self._attempts += 1


def _request(delivery: WebhookDelivery) -> dict[str, Any]:
    """Made here, for it may ask the database for the message."""
    body = payload.body(delivery)
    signed = signing.headers(delivery.endpoint, identifier=payload.identifier(delivery), body=body)
    headers = {"Content-Type": "application/json", "User-Agent": f"Beez/{__version__}", **signed}
    return {
        "url": delivery.endpoint.url,
        "headers": headers,
        "body": body.encode(),
        "seconds": float(settings.WEBHOOKS_TIMEOUT),
    }


def _answer(future: Future[Answer]) -> Answer:
    """A fault of ours counts as a failed attempt: it must not stop what goes to others."""
    if (error := future.exception()) is None:
        return future.result()
    logger.error("A webhook could not be sent: %s", kind(error), exc_info=error)
    return Answer(status=None, outcome="It could not be sent; see the log.", seconds=0.0)
