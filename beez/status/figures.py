"""What Prometheus is told of what is stored and who is there, asked of Postgres at most every ten
seconds, by one thread, for which a scrape waits two seconds and no longer.

Each figure is a line of `_tell`; a new one needs its name in docs/monitoring.md.
"""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connections
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from beez.status import bounded, facts, parts
from beez.status.agreement import Agreement
from beez.status.facts import Facts
from beez.status.heartbeat import Kind
from beez.webhooks import outbox
from beez.webhooks.outbox import Backlog
from classifier.bulk import jobs
from conversations.models import Message
from training.models import Dataset, TrainingRun

logger = logging.getLogger(__name__)

FRESH_SECONDS = 10.0
WAIT_SECONDS = 2.0
STALE_SECONDS = 300.0  # after which old figures are worse than none


@dataclass(frozen=True, kw_only=True)
class Stored:
    """When the newest of each came or ended; None: none, or it could not be read."""

    message: datetime | None
    dataset: datetime | None
    trained: datetime | None
    failed: bool | None  # the last training that was no skip


@dataclass(frozen=True, kw_only=True)
class Figures:
    facts: Facts
    stored: Stored
    jobs_waiting: int | None
    webhooks: Backlog | None
    bulk: jobs.Backlog | None


@dataclass(eq=False)
class _Process:
    lock: threading.Lock = field(default_factory=threading.Lock)
    thread: threading.Thread | None = None
    found: Figures | None = None
    at: float = -float("inf")  # monotonic


_process = _Process()


def told() -> bytes:
    """In Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(_Told(latest()))
    return generate_latest(registry)


def latest() -> Figures | None:
    """The newest figures that can be had in time; None where there are none, or only old ones."""
    process = _process
    with process.lock:
        if time.monotonic() - process.at < FRESH_SECONDS:
            return process.found
        if process.thread is None or not process.thread.is_alive():
            process.thread = threading.Thread(
                target=_find, args=(process,), name="figures", daemon=True
            )
            process.thread.start()
        thread = process.thread
    thread.join(WAIT_SECONDS)
    age = time.monotonic() - process.at
    return process.found if age < (STALE_SECONDS if thread.is_alive() else FRESH_SECONDS) else None


def forget() -> None:
    global _process
    _process = _Process()


def gather() -> Figures:
    return Figures(
        facts=facts.gather(),
        stored=bounded.attempt(_stored)
        or Stored(message=None, dataset=None, trained=None, failed=None),
        jobs_waiting=parts.jobs_waiting(),
        webhooks=bounded.attempt(outbox.backlog),
        bulk=bounded.attempt(jobs.backlog),
    )


def _find(process: _Process) -> None:
    """On a connection of its own, which is closed: scrapes are rare."""
    try:
        found = gather()
        process.found, process.at = found, time.monotonic()
    except Exception as error:  # the scrape says that there are none
        logger.warning("The figures for /metrics cannot be found: %s", type(error).__name__)
    finally:
        connections.close_all()


def _stored() -> Stored:
    ended = TrainingRun.objects.filter(finished_at__isnull=False)
    newest = ended.exclude(state=TrainingRun.State.SKIPPED).values_list("state", flat=True).first()
    return Stored(
        message=Message.objects.order_by("-id").values_list("created_at", flat=True).first(),
        dataset=Dataset.objects.values_list("created_at", flat=True).first(),
        trained=ended.filter(state=TrainingRun.State.SUCCEEDED)
        .values_list("finished_at", flat=True)
        .first(),
        failed=newest == TrainingRun.State.FAILED,
    )


class _Told(Collector):
    def __init__(self, found: Figures | None) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        up = self._found is not None and not self._found.facts.database_problem
        yield _gauge("beez_database_up", "Postgres answers, in time.", float(up))
        if self._found is not None:
            yield from _tell(self._found)


def _tell(found: Figures) -> Iterator[Metric]:
    about = found.facts
    yield _gauge("beez_broker_up", "Jobs can be sent.", float(not about.broker_problem))
    if found.jobs_waiting is not None:
        yield _gauge("beez_jobs_waiting", "Jobs that no worker has taken up.", found.jobs_waiting)
    yield _gauge("beez_disk_free_bytes", "Free on the fullest disk of Beez.", about.disk[1])
    if about.database_problem:
        return
    seen = {kind: at for kind, at in about.seen.items() if at is not None}
    yield _gauge(
        "beez_pending_migrations", "Changes of tables to be made.", len(about.pending_migrations)
    )
    yield _moments("beez_heartbeat_timestamp_seconds", "A process was last seen.", "kind", seen)
    yield from _moment(
        "beez_jobs_moved_timestamp_seconds", "A worker last took up a job.", about.jobs_moved
    )
    if about.clock_ahead is not None:
        yield _gauge(
            "beez_clock_ahead_seconds", "This machine's clock before Postgres's.", about.clock_ahead
        )
    yield from _of_the_model(about)
    yield from _of_learning(found)
    yield from _of_people(about)
    if found.webhooks is not None:
        yield from _of_webhooks(found.webhooks)
    if found.bulk is not None:
        yield from _of_bulk_jobs(found.bulk)


def _of_the_model(about: Facts) -> Iterator[Metric]:
    info = GaugeMetricFamily("beez_model_info", "The version that is live.", labels=["version"])
    ok = about.live is not None and not about.live.problem
    yield _gauge("beez_model_ok", "A version is live and its folder is whole.", float(ok))
    if about.live is not None:
        info.add_metric([about.live.version], 1)
        yield info
        yield from _moment(
            "beez_model_live_since_timestamp_seconds", "It went live.", about.live.since
        )


def _of_learning(found: Figures) -> Iterator[Metric]:
    stored, learning = found.stored, found.facts.learning
    yield from _moment(
        "beez_message_last_timestamp_seconds", "The newest stored message.", stored.message
    )
    yield from _moment(
        "beez_dataset_last_timestamp_seconds", "The newest data set.", stored.dataset
    )
    yield from _moment(
        "beez_training_last_success_timestamp_seconds",
        "The last training that ended well.",
        stored.trained,
    )
    if stored.failed is not None:
        yield _gauge("beez_training_failed", "The last training failed.", float(stored.failed))
    if learning is None:
        return
    running = learning.last_run is not None and learning.last_run.state == TrainingRun.State.RUNNING
    yield _gauge("beez_training_running", "A training is under way.", float(running))
    yield _gauge(
        "beez_night_missed",
        "The last night's check did not take place.",
        float(learning.missed is not None),
    )
    yield _gauge(
        "beez_reviews_since_training",
        "Messages reviewed since the last training.",
        learning.reviewed,
    )


def _of_people(about: Facts) -> Iterator[Metric]:
    if about.waiting is not None:
        waits = GaugeMetricFamily(
            "beez_reviews_waiting",
            "Messages that wait for review, at most a thousand.",
            labels=["why"],
        )
        waits.add_metric(["unsure"], about.waiting.unsure)
        waits.add_metric(["drawn"], about.waiting.drawn)
        yield waits
    if about.agreement is not None and about.agreement.messages.of:
        yield from _of_quality(about.agreement)


def _of_webhooks(backlog: Backlog) -> Iterator[Metric]:
    counted = GaugeMetricFamily(
        "beez_webhook_deliveries",
        "Deliveries that wait, and dead letters, at most a hundred thousand of each.",
        labels=["state"],
    )
    counted.add_metric(["waiting"], backlog.waiting)
    counted.add_metric(["dead"], backlog.dead)
    yield counted
    yield from _moment(
        "beez_webhook_oldest_timestamp_seconds",
        "The oldest delivery has waited since.",
        backlog.oldest,
    )


def _of_bulk_jobs(backlog: jobs.Backlog) -> Iterator[Metric]:
    counted = GaugeMetricFamily("beez_bulk_jobs", "Bulk jobs that wait and run.", labels=["state"])
    counted.add_metric(["queued"], backlog.queued)
    counted.add_metric(["running"], backlog.running)
    yield counted
    yield _gauge(
        "beez_bulk_messages_waiting", "Messages that bulk jobs have left.", backlog.messages
    )


def _of_quality(found: Agreement) -> Iterator[Metric]:
    """From the reviews of messages drawn at random, of 90 days: what all messages would be."""
    reviewed = found.messages.of
    wrong = sum(one.given.of - one.given.agreed for one in found.tags)
    missed = sum(one.found.of - one.found.agreed for one in found.tags)
    yield _gauge(
        "beez_random_reviews", "Messages drawn at random and reviewed in 90 days.", reviewed
    )
    yield _gauge(
        "beez_random_reviews_agreed_ratio",
        "Those where staff agreed in full.",
        found.messages.agreed / reviewed,
    )
    yield _gauge(
        "beez_false_alarms_ratio", "Tags given wrongly, for each message.", wrong / reviewed
    )
    yield _gauge(
        "beez_missed_tags_ratio", "Tags that were missed, for each message.", missed / reviewed
    )


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _moment(name: str, told: str, at: datetime | None) -> Iterator[Metric]:
    """Nothing where there is none: an age of 56 years would help nobody."""
    if at is not None:
        yield _gauge(name, told, at.timestamp())


def _moments(name: str, told: str, label: str, found: Mapping[Kind, datetime]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=[label])
    for value, at in found.items():
        family.add_metric([value], at.timestamp())
    return family
