"""Staff pages: prepared data sets and training runs, to look at; a run may be cancelled."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from beez.staff.pages import ReadOnlyAdmin
from training import asking
from training.card.comparison_admin import ComparisonAdmin
from training.datasets import page as dataset_page
from training.datasets.splitting import SPLITS
from training.models import Comparison, Dataset, TrainingRun
from training.runs import cancelling, page

__all__ = ["ComparisonAdmin", "DatasetAdmin", "TrainingRunAdmin"]

ASKED = (
    "A training was asked for. The worker begins it in a minute at most, if it runs; it takes some "
    "minutes, and what it makes goes live only if it is not worse."
)
ASKED_UNTOLD = (
    "A training was asked for and stands below. The queue (Redis) does not answer at present, so "
    "it begins within a minute or two after it does again; you need not ask twice."
)


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
    def stream(self, dataset: Dataset) -> int:
        return int(dataset.sizes.get("stream", 0))

    @admin.display
    def files(self, dataset: Dataset) -> str:
        return ", ".join(dataset.sources)

    @admin.display(description="average tags a message")
    def average_tags(self, dataset: Dataset) -> float:
        return float(dataset.stats["average_tags"])

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["tables"] = list(dataset_page.tables(context["original"]))
        context["findings"] = dataset_page.findings(context["original"])
        context["erased"] = sum(context["original"].stats.get("erased", {}).values())
        context["disputes"] = dataset_page.disputes(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    list_display = [
        "number",
        "pill",
        "progress_text",
        "reason_text",
        "version",
        "duration",
        "started_at",
        "trigger_text",
    ]
    list_filter = ["state", "trigger", "activated"]
    list_select_related = ["model_version"]
    search_fields = ["reason", "model_version__name", "dataset__digest"]
    date_hierarchy = "started_at"
    fields = [
        "pill",
        "trigger_text",
        "progress_text",
        "reason_text",
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
        "trigger_text",
        "progress_text",
        "reason_text",
        "dataset_link",
        "version",
        "comparison_link",
        "duration",
    ]
    change_list_template = "admin/training/trainingrun/change_list.html"
    change_form_template = "admin/training/trainingrun/change_form.html"

    class Media:
        css = {"all": ["training/admin.css"]}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.ask))
        ask = path("ask/", view, name="training_trainingrun_ask")
        of_a_run = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"training_trainingrun_{name}",
            )
            for name, view in (("progress", self.progress_view), ("cancel", self.cancel_view))
        ]
        return [ask, *of_a_run, *super().get_urls()]

    def has_ask_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("training.add_trainingrun")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"may_ask": self.has_ask_permission(request)}
        return super().changelist_view(request, context | (extra_context or {}))

    def ask(self, request: HttpRequest) -> HttpResponse:
        """A training for whoever may ask for one."""
        if not self.has_ask_permission(request):
            raise PermissionDenied
        try:
            told = asking.ask(asked_by=request.user.get_username())
            text, level = (ASKED, messages.SUCCESS) if told else (ASKED_UNTOLD, messages.WARNING)
            self.message_user(request, text, level)
        except asking.NotAskedError as error:
            self.message_user(request, str(error), messages.ERROR)
        return redirect("admin:training_trainingrun_changelist")

    @admin.display(description="trigger", ordering="trigger")
    def trigger_text(self, run: TrainingRun) -> str:
        asked = f", {run.asked_by}" if run.asked_by else ""
        return f"{run.get_trigger_display()}{asked}"

    @admin.display(description="reason", ordering="reason")
    def reason_text(self, run: TrainingRun) -> str:
        if run.times < 2 or run.finished_at is None:
            return run.reason or "–"
        last = localize(localtime(run.finished_at))
        return f"{run.reason} Found {run.times} times in a row, last {last}."

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= _progress_context(request, context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that changes while the training goes on."""
        run = get_object_or_404(TrainingRun, pk=pk)
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        context = _progress_context(request, run) | {"run": run}
        part = render(request, "admin/training/trainingrun/progress.html", context)
        part["X-Run-State"] = run.state
        return part

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask first, then cancel."""
        run = get_object_or_404(TrainingRun, pk=pk)
        if not _may_cancel(request):
            raise PermissionDenied
        if request.method == "POST":
            if cancelling.request(run, actor=request.user.get_username()):
                text, level = f"Training run {pk} is cancelled: it stops.", messages.SUCCESS
            else:
                text, level = f"Training run {pk} was over already.", messages.WARNING
            self.message_user(request, text, level)
        elif run.state in (TrainingRun.State.ASKED, TrainingRun.State.RUNNING):
            title = "Cancel a training"
            context = self.admin_site.each_context(request) | {"opts": self.opts, "title": title}
            context["run"] = run
            return render(request, "admin/training/trainingrun/cancel.html", context)
        return redirect("admin:training_trainingrun_change", pk)

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
        """Whole seconds, up to now for a run that goes on; none for one that was skipped."""
        if run.state in (TrainingRun.State.ASKED, TrainingRun.State.SKIPPED):
            return timedelta()
        seconds = ((run.finished_at or timezone.now()) - run.started_at).total_seconds()
        return timedelta(seconds=int(seconds))


def _may_cancel(request: HttpRequest) -> bool:
    return request.user.has_perm("training.change_trainingrun")


def _progress_context(request: HttpRequest, run: TrainingRun) -> dict[str, Any]:
    progress = page.progress(run, now=timezone.now())
    return {"progress": progress, "may_cancel": _may_cancel(request)}


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


def _link(row: Model | None, name: str) -> str:
    if row is None:
        return "–"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[row.pk]), row)
