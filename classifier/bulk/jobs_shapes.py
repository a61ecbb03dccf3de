"""What the routes of bulk jobs answer, and the queries that they take."""

import math
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from beez.api.instants import instant
from beez.api.paging import NewestFirst
from classifier import registry
from classifier.models import BulkJob
from classifier.serializers import ClassifyMessageResponse

ROWS, MOST_ROWS = 1_000, 10_000
NO_MODEL = "No model is active yet; it begins as soon as one is."

Shape = serializers.Serializer[Any]


class BulkJobShape(Shape):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=BulkJob.State.values)
    detail = serializers.CharField(
        allow_blank=True, help_text="Why it waits, or why it failed; empty otherwise."
    )
    total = serializers.IntegerField(help_text="Messages.")
    done = serializers.IntegerField(help_text="Messages that are classified.")
    messages_per_second = serializers.FloatField(allow_null=True)
    seconds_left = serializers.IntegerField(
        allow_null=True, help_text="At this rate; null: nobody can tell."
    )
    model_version = serializers.CharField(
        allow_null=True, help_text="Of all its answers; null before it begins."
    )
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    erased_after = serializers.DateTimeField(
        help_text="It goes with its results some time after that."
    )


class BulkJobPage(Shape):
    jobs = BulkJobShape(many=True)
    next = serializers.CharField(allow_null=True)


class BulkJobsQuery(NewestFirst):
    """Which page of the key's jobs."""


class BulkAnswer(ClassifyMessageResponse):
    position = serializers.IntegerField(help_text="In the job: 1, 2, 3, …")
    id = serializers.CharField(allow_null=True, help_text="As the caller gave it.")


class BulkResult(Shape):
    model_version = serializers.CharField()
    results = BulkAnswer(many=True, help_text="In the order of the messages.")
    next = serializers.IntegerField(allow_null=True, help_text="`after` of the next page.")


class BulkResultQuery(Shape):
    """Which rows, and how they are written."""

    after = serializers.IntegerField(
        default=0, min_value=0, max_value=2**31 - 1, help_text="Rows past this position."
    )
    limit = serializers.IntegerField(default=ROWS, min_value=1, max_value=MOST_ROWS)
    format = serializers.ChoiceField(
        choices=["json", "ndjson"], required=False, help_text="Left out: as `Accept` asks for."
    )


def told(job: BulkJob) -> dict[str, Any]:
    """What `BulkJobShape` describes."""
    now = timezone.now()
    rate = job.rate(now)
    return {
        "id": str(job.uid),
        "state": job.state,
        "detail": job.detail or _waits_for(job),
        "total": job.total,
        "done": job.done,
        "messages_per_second": None if rate is None else round(rate, 1),
        "seconds_left": _left(job, rate),
        "model_version": None if job.version is None else job.version.name,
        "created_at": instant(job.created_at),
        "started_at": instant(job.started_at),
        "finished_at": instant(job.ended_at),
        "erased_after": instant(_erased_after(job)),
    }


def _left(job: BulkJob, rate: float | None) -> int | None:
    if job.ended_at is not None:
        return 0
    return None if rate is None else math.ceil((job.total - job.done) / rate)


def _waits_for(job: BulkJob) -> str:
    if job.state != BulkJob.State.QUEUED:
        return ""
    return "It waits for a worker." if registry.live_version() else NO_MODEL


def _erased_after(job: BulkJob) -> datetime:
    return (job.ended_at or job.created_at) + timedelta(days=settings.BULK_KEEP_DAYS)
