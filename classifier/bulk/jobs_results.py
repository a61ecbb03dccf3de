"""The answers of a job that is done, in pages by position."""

from collections.abc import Iterator

from django.db.models import F

from classifier.models import BulkJob


def page(job: BulkJob, *, after: int, limit: int) -> tuple[list[str], int | None]:
    """Lines of JSON past position `after`, and the `after` of the next page, if there is one."""
    last = min(after + limit, job.total)
    lines = list(_lines(job, after, last))
    return lines, last if last < job.total else None


def _lines(job: BulkJob, after: int, last: int) -> Iterator[str]:
    """A chunk at a time."""
    touched = job.chunks.filter(first__lte=last, first__gt=after - F("size"))
    for chunk in touched.order_by("first").iterator(chunk_size=20):
        lines = chunk.answers.split("\n")
        yield from lines[max(0, after + 1 - chunk.first) : last + 1 - chunk.first]
