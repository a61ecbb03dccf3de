"""Tags, registered model versions, which of them is live, and thresholds that people set."""

from django.db import models

from classifier.bulk.jobs_models import BulkChunk, BulkJob

__all__ = ["Activation", "BulkChunk", "BulkJob", "ModelVersion", "Tag", "ThresholdChange"]

NAME_LENGTH = LABEL_LENGTH = 64


class Tag(models.Model):
    """A behavioural tag. `name` is the key: label order and history refer to it for ever."""

    name = models.CharField(max_length=NAME_LENGTH, primary_key=True)
    description = models.TextField(
        help_text="What a message with this tag says, in one or two sentences. "
        "Training starts the tag's weights from the meaning of this text."
    )
    stage = models.PositiveSmallIntegerField(
        help_text="How far along the journey to a purchase; the highest wins in a conversation. "
        "Messages that are stored keep the stages of their time."
    )
    label = models.CharField(
        max_length=LABEL_LENGTH,
        blank=True,
        help_text="What staff pages call it; empty: its name. Answers, files and history keep the "
        "name, so a new label renames nothing that is stored.",
    )
    retired_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Set: nobody gives the tag any more, and the next training leaves it out. "
        "What carries it stays readable.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["stage", "name"]

    def __str__(self) -> str:
        return self.label or self.name


class ModelVersion(models.Model):
    """A trained model, registered. Its folder is `MODELS_DIR/<name>` and never changes."""

    name = models.CharField(max_length=64, unique=True)
    base_model = models.CharField(max_length=255)
    tags = models.JSONField(help_text="Tag names in the order of the model's outputs.")
    threshold = models.FloatField()
    metrics = models.JSONField(default=dict)
    dataset_digest = models.CharField(max_length=64)
    manifest_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    pruned_at = models.DateTimeField(
        "files removed",
        null=True,
        blank=True,
        help_text="When its folder was removed to save space; the row stays.",
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def quick(self) -> bool:
        """Made in seconds, with an encoder that was not fine-tuned."""
        return "quick" in self.metrics

    @property
    def micro_f1(self) -> float | None:
        """Micro-F1 on the test split that it was trained beside, where that was measured."""
        test = self.metrics.get("test")
        return test.get("micro_f1") if isinstance(test, dict) else None


class Activation(models.Model):
    """One row for each time a version went live; the newest row is what is live now."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="activations")
    restores = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The earlier activation that this one, a rollback, went back to.",
    )
    reason = models.TextField(blank=True, help_text="A gate's may be long.")
    actor = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.version} at {self.created_at:%Y-%m-%d %H:%M:%S}"


class ThresholdChange(models.Model):
    """A person set a threshold or took it back; the newest row of a tag holds, append-only."""

    tag = models.ForeignKey(
        Tag,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="None: the global threshold, for tags without one of their own.",
    )
    value = models.FloatField(null=True, blank=True, help_text="None: back to the model's own.")
    note = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "thresholds"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(value__gt=0, value__lt=1), name="threshold_between_0_and_1"
            )
        ]

    def __str__(self) -> str:
        value = "back to the model's own" if self.value is None else f"{self.value:g}"
        return f"{self.tag_id or 'all tags'}: {value}"
