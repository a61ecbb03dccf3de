"""Staff pages: prepared data sets and training runs, to look at."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from beez.staff.pages import ReadOnlyAdmin
from training.card.comparison_admin import ComparisonAdmin
from training.datasets import page
from training.datasets.splitting import SPLITS
from training.models import Comparison, Dataset, TrainingRun

__all__ = ["ComparisonAdmin", "DatasetAdmin", "TrainingRunAdmin"]


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ["short_digest", "messages", *SPLITS, "files", "created_at"]
    fields = ["digest", "files", "average_tags", "created_at"]
    readonly_fields = ["files", "average_tags"]
    search_fields = ["digest", "sources"]
    date_hierarchy = "created_at"
    change_form_template = "admin/training/dataset/change_form.html"

    class Media:
        css = {"all": ["training/admin.css"]}

    @admin.display(description="digest", ordering="digest")
    def short_digest(self, dataset: Dataset) -> str:
        return dataset.digest[:16]

    @admin.display
    def messages(self, dataset: Dataset) -> int:
        return sum(dataset.sizes.values())

    @admin.display
    def train(self, dataset: Dataset) -> int:
        return int(dataset.sizes["train"])

    @admin.display
    def validation(self, dataset: Dataset) -> int:
        return int(dataset.sizes["validation"])

    @admin.display
    def test(self, dataset: Dataset) -> int:
        return int(dataset.sizes["test"])

    @admin.display
    def files(self, dataset: Dataset) -> str:
        return ", ".join(dataset.sources)

    @admin.display(description="average tags a message")
    def average_tags(self, dataset: Dataset) -> float:
        return float(dataset.stats["average_tags"])

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["tables"] = list(page.tables(context["original"]))
        context["findings"] = page.findings(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    list_display = [
        "number",
        "pill",
        "progress_text",
        "reason",
        "version",
        "duration",
        "started_at",
        "trigger",
    ]
    list_filter = ["state", "trigger", "activated"]
    list_select_related = ["model_version"]
    search_fields = ["reason", "model_version__name", "dataset__digest"]
    date_hierarchy = "started_at"
    fields = [
        "pill",
        "trigger",
        "progress_text",
        "reason",
        "dataset_link",
        "version",
        "comparison_link",
        "activated",
        "duration",
        "started_at",
        "finished_at",
        "lease_until",
        "worker",
        "config",
    ]
    readonly_fields = [
        "pill",
        "progress_text",
        "dataset_link",
        "version",
        "comparison_link",
        "duration",
    ]

    class Media:
        css = {"all": ["training/admin.css"]}

    @admin.display(description="run", ordering="id")
    def number(self, run: TrainingRun) -> int:
        return run.pk

    @admin.display(description="state", ordering="state")
    def pill(self, run: TrainingRun) -> SafeString:
        return format_html(
            '<span class="pill pill-{}">{}</span>', run.state, run.get_state_display()
        )

    @admin.display(description="progress")
    def progress_text(self, run: TrainingRun) -> str:
        return progress_text(run.progress)

    @admin.display(description="model version", ordering="model_version")
    def version(self, run: TrainingRun) -> str:
        return _link(run.model_version, "admin:classifier_modelversion_change")

    @admin.display(description="data set")
    def dataset_link(self, run: TrainingRun) -> str:
        return _link(run.dataset, "admin:training_dataset_change")

    @admin.display(description="compared with")
    def comparison_link(self, run: TrainingRun) -> str:
        compared = Comparison.objects.filter(run=run).select_related("challenger", "champion")
        return _link(compared.first(), "admin:training_comparison_change")

    @admin.display
    def duration(self, run: TrainingRun) -> timedelta:
        """Whole seconds, up to now for a run that goes on."""
        seconds = ((run.finished_at or timezone.now()) - run.started_at).total_seconds()
        return timedelta(seconds=int(seconds))


def progress_text(progress: dict[str, Any]) -> str:
    """What a run last reported, such as `fine-tune, epoch 3 of 12, loss 0.21`."""
    parts = [str(progress["step"])] if progress.get("step") else []
    if "epoch" in progress:
        of = f" of {progress['epochs']}" if "epochs" in progress else ""
        parts.append(f"epoch {progress['epoch']}{of}")
    for key, name in (("loss", "loss"), ("validation_micro_f1", "validation micro-F1")):
        if progress.get(key) is not None:
            parts.append(f"{name} {progress[key]:.3f}")
    return ", ".join(parts) or "–"


def _link(row: Model | None, page: str) -> str:
    if row is None:
        return "–"
    return format_html('<a href="{}">{}</a>', reverse(page, args=[row.pk]), row)
