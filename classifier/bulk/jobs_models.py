"""Bulk jobs: many messages that a caller sent together, and the chunks that workers take."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from beez.api.models import ApiKey


class BulkJob(models.Model):
    """What a key asked for. `version` and `thresholds` are those that were in force at its start:
    all its messages are decided alike."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    uid = models.UUIDField("id", default=uuid.uuid4, unique=True, editable=False)
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    detail = models.CharField(
        max_length=500, blank=True, help_text="Why it waits, or why it failed."
    )
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    version = models.ForeignKey(
        "classifier.ModelVersion", on_delete=models.PROTECT, null=True, related_name="bulk_jobs"
    )
    thresholds = models.JSONField(default=dict, help_text="What people had set at its start.")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    UNDER_WAY: ClassVar = (State.QUEUED, State.RUNNING)

    class Meta:
        ordering = ("-id",)
        default_permissions = ("view",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["key", "-id"], name="bulk_job_of_key"),
            models.Index(
                fields=["id"], condition=Q(state__in=("queued", "running")), name="bulk_under_way"
            ),
        ]

    def __str__(self) -> str:
        return str(self.uid)

    def rate(self, now: datetime) -> float | None:
        """Messages a second since it began; None where nothing is done."""
        if self.started_at is None or not self.done:
            return None
        seconds = ((self.ended_at or now) - self.started_at).total_seconds()
        return self.done / max(seconds, 0.001)


class BulkChunk(models.Model):
    """Some of a job's messages, in order. A worker holds it until `leased_until`.

    `messages` are `[id, text]` until they are answered; `answers` are lines of JSON after that.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"

    job = models.ForeignKey(BulkJob, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField(help_text="In its job, from 0.")
    first = models.PositiveIntegerField(help_text="Position in the job of its first message.")
    size = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    messages = models.JSONField(null=True)
    answers = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "first"], name="bulk_chunk_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["number", "id"], condition=Q(state="waiting"), name="bulk_chunk_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.job_id}, from {self.first}"
