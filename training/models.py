"""Prepared data sets and training runs."""

from django.db import models

from classifier.models import ModelVersion


class Dataset(models.Model):
    """A prepared data set: the same input gives the same digest and no second row or copy."""

    digest = models.CharField(max_length=64, unique=True)
    sources = models.JSONField(help_text="Names of the files it was made from.")
    sizes = models.JSONField(help_text="Messages in train, validation and test.")
    stats = models.JSONField(help_text="What stats.json beside the splits holds.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.digest[:12]


class TrainingRun(models.Model):
    """One attempt to train; every state and error stands here. One may run at a time."""

    class State(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        SKIPPED = "skipped"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Trigger(models.TextChoices):
        COMMAND = "command"
        TASK = "task"
        SCHEDULE = "schedule"

    state = models.CharField(max_length=16, choices=State, default=State.RUNNING)
    trigger = models.CharField(max_length=16, choices=Trigger)
    reason = models.TextField(
        blank=True, help_text="Why it was skipped, cancelled, failed or not activated."
    )
    config = models.JSONField(default=dict)
    progress = models.JSONField(default=dict, help_text="What training.runs.account keeps of it.")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, null=True, blank=True)
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="training_runs"
    )
    activated = models.BooleanField(default=False)
    worker = models.CharField(max_length=300, help_text="host:pid of the process, for people.")
    identity = models.JSONField(
        default=dict, help_text="Which process it is: machine, number and start, for Beez."
    )
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_by = models.CharField(max_length=150, blank=True)
    lease_until = models.DateTimeField(help_text="A running run past this is taken for lost.")
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"],
                condition=models.Q(state="running"),
                name="one_training_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"run {self.pk} ({self.state})"
