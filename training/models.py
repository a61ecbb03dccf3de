"""Prepared data sets, what they hold out for ever, training runs, and how versions compared."""

from django.db import models

from classifier.models import ModelVersion


class Dataset(models.Model):
    """A prepared data set: the same input gives the same digest and no second row or copy."""

    digest = models.CharField(max_length=64, unique=True)
    sources = models.JSONField(help_text="Names of the files it was made from.")
    sizes = models.JSONField(help_text="Messages in each split.")
    stats = models.JSONField(help_text="What stats.json beside the splits holds.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.digest[:12]


class HeldOut(models.Model):
    """A message that no version may learn from: it was in a test split, or in the stream, of a
    data set that a version was trained from. Of its text the hash alone is kept.
    """

    class Split(models.TextChoices):
        TEST = "test"
        STREAM = "stream"

    text_sha256 = models.CharField(
        max_length=64, unique=True, help_text="Of the text as `duplicates.normalise` folds it."
    )
    split = models.CharField(max_length=16, choices=Split)
    since = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="held_out")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "messages held out"

    def __str__(self) -> str:
        return f"{self.text_sha256[:12]} in {self.split}"


class TrainingRun(models.Model):
    """One attempt to train; every state and error stands here. One may run at a time, and one be
    asked for, which is when `started_at` says until it begins."""

    class State(models.TextChoices):
        ASKED = "asked", "asked for"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        SKIPPED = "skipped"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Trigger(models.TextChoices):
        COMMAND = "command"
        TASK = "task"
        SCHEDULE = "schedule"
        STAFF = "staff"

    state = models.CharField(max_length=16, choices=State, default=State.RUNNING)
    trigger = models.CharField(max_length=16, choices=Trigger)
    asked_by = models.CharField(max_length=150, blank=True, help_text="Who of the staff wanted it.")
    reason = models.TextField(
        blank=True, help_text="Why it was skipped, cancelled, failed or not activated."
    )
    config = models.JSONField(default=dict)
    shape = models.JSONField(
        default=dict, help_text="What it was made from beside reviews, as `due` compares it."
    )
    reviews_up_to = models.BigIntegerField(
        null=True, blank=True, help_text="The newest review that was there when it began; 0: none."
    )
    times = models.PositiveIntegerField(
        default=1, help_text="How often in a row the schedule found just this; skipped runs only."
    )
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
            ),
            models.UniqueConstraint(
                fields=["state"],
                condition=models.Q(state="asked"),
                name="one_training_asked_for",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} ({self.state})"


class Comparison(models.Model):
    """A new version beside the one that was live, with the verdict; a row never changes, but for
    the signature. `report` is what `training.evaluation.comparison` made."""

    class Verdict(models.TextChoices):
        LIVE = "live", "went live"
        REFUSED = "refused", "refused"
        SIGNATURE = "signature", "needs a signature"

    run = models.OneToOneField(TrainingRun, on_delete=models.PROTECT, related_name="comparison")
    challenger = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="+", verbose_name="new version"
    )
    champion = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="+", verbose_name="live then"
    )
    verdict = models.CharField(max_length=16, choices=Verdict)
    reason = models.TextField(help_text="The verdict's reason, as a full sentence.")
    report = models.JSONField()
    markdown = models.TextField(help_text="The report as it was told then.")
    created_at = models.DateTimeField(auto_now_add=True)
    signed_by = models.CharField(max_length=150, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.challenger} against {self.champion}"

    @property
    def waits(self) -> bool:
        """Somebody has to sign before the version goes live."""
        return self.verdict == self.Verdict.SIGNATURE and self.signed_at is None
