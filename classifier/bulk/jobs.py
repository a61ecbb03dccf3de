"""The one write path of bulk jobs: made, begun, answered chunk by chunk, ended, erased.

Rows are locked job first, then chunks. A text is stored as long as nobody has answered it, and
no longer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from beez.api.models import ApiKey
from beez.api.throttling import TooMany
from classifier import redaction, thresholds
from classifier.bulk import jobs_kicking
from classifier.models import BulkChunk, BulkJob

State = BulkJob.State
Items = Sequence[tuple[Any, str]]  # (the caller's id or None, the text)

# A second or two of one core; long messages take longer, up to what a model reads of them.
CHUNK_MESSAGES, CHUNK_CHARACTERS = 250, 250_000
AGAIN_SECONDS = 10.0  # after which a key that has too many jobs may ask again

# A key's jobs are counted and made by one request at a time.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('bulk jobs'), %s)"


def create(*, key: ApiKey, items: Items) -> BulkJob:
    """A queued job; workers hear of it once it is stored. TooMany where the key has its fill."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_ONE_AT_A_TIME, [key.pk % 2**31])
        refuse_too_many(key)
        job = BulkJob.objects.create(key=key, total=len(items))
        BulkChunk.objects.bulk_create(_chunks(job, items), batch_size=20)
        transaction.on_commit(jobs_kicking.kick)
    return job


def refuse_too_many(key: ApiKey) -> None:
    most = settings.BULK_JOBS_AT_ONCE
    if of(key).filter(state__in=BulkJob.UNDER_WAY).count() >= most:
        raise TooMany(
            AGAIN_SECONDS,
            f"{most} bulk jobs of this API key are under way (BULK_JOBS_AT_ONCE). Wait until one "
            "is done, or cancel one.",
        )


def of(key: ApiKey) -> QuerySet[BulkJob]:
    """The jobs of a key, and of those that it came after by rotation."""
    line = [key.pk]
    while older := ApiKey.objects.filter(replaced_by=line[-1]).values_list("pk", flat=True).first():
        line.append(older)
    return BulkJob.objects.filter(key__in=line).select_related("version")


def begin(job: BulkJob, *, version_id: int) -> None:
    """With the version and the thresholds that are in force now, for all its messages."""
    held = thresholds.overrides()
    BulkJob.objects.filter(pk=job.pk, state=State.QUEUED).update(
        state=State.RUNNING,
        version=version_id,
        thresholds={"threshold": held.threshold, "tags": dict(held.tags)},
        started_at=timezone.now(),
        detail="",
    )


def note(jobs: QuerySet[BulkJob], why: str) -> None:
    """Why they wait, unless that is written already."""
    jobs.filter(state__in=BulkJob.UNDER_WAY).exclude(detail=_cut(why)).update(detail=_cut(why))


def answered(chunk: BulkChunk, answers: Iterable[str]) -> bool:
    """Exchange the texts for their answers, lines of JSON, and count them, at once.

    False where that is done already, by a worker that took the chunk over, or the job has ended.
    """
    with transaction.atomic():
        job = _locked(chunk.job_id, State.RUNNING)
        waiting = BulkChunk.objects.filter(pk=chunk.pk, state=BulkChunk.State.WAITING)
        if job is None or not waiting.update(
            state=BulkChunk.State.DONE,
            answers="\n".join(answers),
            messages=None,
            leased_until=None,
        ):
            return False
        job.done, job.detail = job.done + chunk.size, ""
        if job.done == job.total:
            job.state, job.ended_at = State.DONE, timezone.now()
        job.save(update_fields=["done", "detail", "state", "ended_at"])
    return True


def fail(job_id: int, why: str) -> None:
    """End it with a sentence for its caller; its texts and answers go."""
    _end(job_id, State.FAILED, why)


def remove(job: BulkJob) -> bool:
    """Cancel a job that is under way, whose texts and answers go; False where it has ended: then
    all of it is erased."""
    if _end(job.pk, State.CANCELLED, "Cancelled by its caller."):
        return True
    BulkJob.objects.filter(pk=job.pk).delete()
    return False


def tidy() -> int:
    """Give up what is not done BULK_KEEP_DAYS after it was made, and erase what ended as long ago;
    returns how many jobs that were."""
    days = settings.BULK_KEEP_DAYS
    before = timezone.now() - timedelta(days=days)
    late = BulkJob.objects.filter(state__in=BulkJob.UNDER_WAY, created_at__lt=before)
    why = f"It was not done within {days} days (BULK_KEEP_DAYS), so its messages were erased."
    given_up = sum(_end(pk, State.FAILED, why) for pk in list(late.values_list("pk", flat=True)))
    old = list(BulkJob.objects.filter(ended_at__lt=before).values_list("pk", flat=True))
    for pk in old:
        BulkJob.objects.filter(pk=pk).delete()
    return given_up + len(old)


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """Jobs that wait and run, and the messages that they have left."""

    queued: int
    running: int
    messages: int


def backlog() -> Backlog:
    found = BulkJob.objects.filter(state__in=BulkJob.UNDER_WAY).aggregate(
        queued=Count("pk", filter=Q(state=State.QUEUED)),
        running=Count("pk", filter=Q(state=State.RUNNING)),
        messages=Sum(F("total") - F("done"), default=0),
    )
    return Backlog(**found)


def _chunks(job: BulkJob, items: Items) -> Iterator[BulkChunk]:
    held: list[tuple[Any, str]] = []
    first, number, characters = 1, 0, 0
    for identifier, text in items:
        if held and (len(held) == CHUNK_MESSAGES or characters + len(text) > CHUNK_CHARACTERS):
            yield _chunk(job, number, first, held)
            first, number, characters, held = first + len(held), number + 1, 0, []
        held.append((identifier, redaction.redacted(text)))
        characters += len(text)
    yield _chunk(job, number, first, held)


def _chunk(job: BulkJob, number: int, first: int, held: Items) -> BulkChunk:
    return BulkChunk(job=job, number=number, first=first, size=len(held), messages=held)


def _end(job_id: int, state: BulkJob.State, why: str) -> bool:
    with transaction.atomic():
        job = _locked(job_id, *BulkJob.UNDER_WAY)
        if job is None:
            return False
        job.state, job.detail, job.ended_at = state, _cut(why), timezone.now()
        job.save(update_fields=["state", "detail", "ended_at"])
        BulkChunk.objects.filter(job=job).delete()
    return True


def _locked(job_id: int, *states: BulkJob.State) -> BulkJob | None:
    rows = BulkJob.objects.select_for_update(no_key=True)
    return rows.filter(pk=job_id, state__in=states).first()


def _cut(sentence: str) -> str:
    return sentence[:500]
