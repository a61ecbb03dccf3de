"""What a worker does for bulk jobs: one chunk after another, in one of its threads alone.

Rows are the truth; tasks only wake workers. A chunk is held by a lease that is renewed while its
messages are answered. When a worker is killed, the lease runs out and another one begins the chunk
anew; when it ends in order, it gives the chunk back.
"""

import json
import logging
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from beez.api.logs import kind
from classifier import live, parallel
from classifier.bulk import jobs, jobs_kicking, jobs_pinned
from classifier.bulk.jobs_pinned import Gone, NotNow
from classifier.live import LiveModel, NoModel
from classifier.models import BulkChunk, BulkJob
from classifier.serializers import answer

logger = logging.getLogger(__name__)

LEASE_SECONDS = 30.0
RENEW_SECONDS = 5.0  # it is renewed, and heard whether the job was cancelled
MOST_ATTEMPTS = 5  # of a chunk
CALL_SECONDS = 1.0  # between two tasks by which a worker that has too much calls another one

_one_at_a_time = threading.Lock()
_stop = threading.Event()

# Beginnings of jobs first, so a small job does not wait for a large one.
_CLAIM = """
    WITH next AS (
        SELECT chunk.id FROM classifier_bulkchunk AS chunk
        JOIN classifier_bulkjob AS job ON job.id = chunk.job_id
        WHERE chunk.state = 'waiting' AND job.state = 'running'
            AND (chunk.leased_until IS NULL OR chunk.leased_until <= statement_timestamp())
        ORDER BY chunk.number, chunk.id LIMIT 1
        FOR UPDATE OF chunk SKIP LOCKED
    )
    UPDATE classifier_bulkchunk AS chunk SET
        leased_until = statement_timestamp() + make_interval(secs => %s),
        attempts = attempts + 1
    WHERE chunk.id = ANY (ARRAY (SELECT id FROM next))
    RETURNING chunk.id
"""


def run() -> int:
    """Answer what waits until nothing is left; returns the number of chunks.

    Once at a time in a process: where it goes on already, this returns at once.
    """
    if not _one_at_a_time.acquire(blocking=False):
        return 0
    try:
        return sum(1 for _ in _worked())
    finally:
        jobs_pinned.forget()
        _one_at_a_time.release()


def stop() -> None:
    """This process is about to end: give back what is in work, and take nothing more."""
    _stop.set()


def _worked() -> Iterator[BulkChunk]:
    called = time.monotonic()
    while not _stop.is_set():
        _begin_queued()
        if (chunk := _claim()) is None:
            return
        if time.monotonic() - called > CALL_SECONDS:  # the first tasks may all have come here
            called = time.monotonic()
            jobs_kicking.kick(1)
        try:
            _work(chunk)
        except NotNow as reason:
            jobs.note(BulkJob.objects.filter(pk=chunk.job_id), str(reason))
            _give_back(chunk)
            return
        except Gone as reason:
            jobs.fail(chunk.job_id, str(reason))
        yield chunk


def _begin_queued() -> None:
    queued = BulkJob.objects.filter(state=BulkJob.State.QUEUED).order_by("pk")
    if not queued.exists():
        return
    try:
        version = live.current().version_id
    except NoModel as reason:
        jobs.note(queued, str(reason.detail))
        return
    for job in queued:
        jobs.begin(job, version_id=version)


def _claim() -> BulkChunk | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE_SECONDS])
        taken = cursor.fetchone()
    if taken is None:
        return None
    return BulkChunk.objects.select_related("job__version").filter(pk=taken[0]).first()


def _work(chunk: BulkChunk) -> None:
    if chunk.attempts > MOST_ATTEMPTS:
        raise Gone(
            f"The messages from {chunk.first} to {chunk.first + chunk.size - 1} could not be "
            f"classified in {MOST_ATTEMPTS} attempts. The log of the worker says why."
        )
    model = jobs_pinned.model(chunk.job)
    try:
        lines = _lines(model, chunk)
    except DatabaseError:
        raise
    except Exception as error:  # a fault of ours; others may have better luck
        logger.error("A chunk of a bulk job failed: %s", kind(error), exc_info=error)
        return  # its lease runs out, and it is tried again
    if lines is not None:
        jobs.answered(chunk, lines)


def _lines(model: LiveModel, chunk: BulkChunk) -> list[str] | None:
    """None where it is no longer ours: given back, taken over or cancelled."""
    lines: list[str] = []
    renewed = time.monotonic()
    held: list[tuple[Any, str]] = chunk.messages or []
    with closing(_answers(model, [text for _, text in held])) as answers:
        for (identifier, _), given in zip(held, answers, strict=True):
            row = {"position": chunk.first + len(lines), "id": identifier, **given}
            lines.append(json.dumps(row, ensure_ascii=False))
            if _stop.is_set():
                _give_back(chunk)
                return None
            if time.monotonic() - renewed > RENEW_SECONDS:
                renewed = time.monotonic()
                if not _renew(chunk):
                    return None
    return lines


def _answers(model: LiveModel, texts: list[str]) -> Generator[dict[str, Any], None, None]:
    """On BULK_THREADS threads of those that all in this process share; one is this one itself."""
    if settings.BULK_THREADS == 1:
        yield from (answer(model, text) for text in texts)
        return
    together = settings.BULK_THREADS or len(texts)
    for start in range(0, len(texts), together):
        yield from parallel.answers(model, texts[start : start + together])


def _mine(chunk: BulkChunk) -> QuerySet[BulkChunk]:
    """The chunk, unless another worker has taken it since, or the job has ended."""
    return BulkChunk.objects.filter(
        pk=chunk.pk, attempts=chunk.attempts, state=BulkChunk.State.WAITING
    )


def _renew(chunk: BulkChunk) -> bool:
    return bool(_mine(chunk).update(leased_until=Now() + timedelta(seconds=LEASE_SECONDS)))


def _give_back(chunk: BulkChunk) -> None:
    _mine(chunk).update(leased_until=None, attempts=F("attempts") - 1)
