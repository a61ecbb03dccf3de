"""What is counted as it happens; a request pays some microseconds for it.

Labels have few values: routes, never paths; the shop's tags; no id, no key, nothing of a message.
"""

import os
from collections.abc import Iterable
from functools import cache

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

from beez.metrics import folder

REQUESTS = Counter("beez_http_requests", "Requests answered.", ["route", "method", "status"])
REQUEST_SECONDS = Histogram(
    "beez_http_request_seconds",
    "Time of a request in the application, from its head to its answer.",
    ["route", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
ENGINE_SECONDS = Histogram(
    "beez_engine_seconds",
    "Time of the model for one message.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1),
)
TAGS = Counter("beez_message_tags", "Tags that the model gave to messages.", ["tag"])
UNTAGGED = Counter("beez_messages_untagged", "Messages that got no tag.")
FOR_REVIEW = Counter("beez_messages_for_review", "Messages that a person had better look at.")
UNFAMILIAR = Counter("beez_messages_unfamiliar", "Messages unlike anything learnt from.")


# Looking a labelled one up takes longer than counting in it. Labels have few values.
_requests = cache(REQUESTS.labels)
_request_seconds = cache(REQUEST_SECONDS.labels)
_tags = cache(TAGS.labels)


def answered(*, route: str, method: str, status: int, seconds: float) -> None:
    _requests(route, method, str(status)).inc()
    _request_seconds(route, method).observe(seconds)


def classified(*, seconds: float, tags: Iterable[str], review: bool, unfamiliar: bool) -> None:
    """One message; how many there were is the count of ENGINE_SECONDS."""
    ENGINE_SECONDS.observe(seconds)
    given = list(tags)
    for tag in given:
        _tags(tag).inc()
    if not given:
        UNTAGGED.inc()
    if review:
        FOR_REVIEW.inc()
    if unfamiliar:
        UNFAMILIAR.inc()


def told() -> bytes:
    """All of it in Prometheus's text format, of every process of this web server together."""
    if folder.VARIABLE not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
