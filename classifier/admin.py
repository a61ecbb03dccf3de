"""Staff pages: tags to edit, model versions to activate and roll back, the ledger."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Subquery
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from beez.staff.pages import ReadOnlyAdmin
from classifier import model_page, registry
from classifier.artefact import ArtefactError
from classifier.models import Activation, BulkJob, ModelVersion, Tag
from classifier.registry import RegistryError
from classifier.tag_form import TagForm


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no subscript at run time
    list_display = ["name", "label", "stage", "retired_at", "description"]
    form = TagForm
    fields = ["name", "label", "description", "stage", "retired"]
    search_fields = ["name", "description"]

    def get_readonly_fields(self, request: HttpRequest, obj: Tag | None = None) -> list[str]:
        """Models and history know a tag by its name."""
        return ["name"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Tag | None = None) -> bool:
        """Not while a model version answers with the tag."""
        in_use = obj and ModelVersion.objects.filter(tags__contains=[obj.name]).exists()
        return not in_use and super().has_delete_permission(request, obj)


class ReasonForm(forms.Form):
    """Why a version is made live: asked of whoever does it by hand."""

    reason = forms.CharField(
        max_length=500,
        label="Why?",
        help_text="Kept in the ledger, for whoever asks later what was live and why.",
        widget=forms.TextInput(attrs={"autofocus": True}),
    )


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = ["name", "live", "base_model", "test_micro_f1", "created_at", "pruned_at"]
    fields = [
        "name",
        "live",
        "base_model",
        "tags",
        "threshold",
        "dataset_digest",
        "manifest_sha256",
        "created_at",
        "pruned_at",
    ]
    readonly_fields = ["live"]
    search_fields = ["name", "base_model"]
    actions = ["activate", "roll_back"]
    change_form_template = "admin/classifier/modelversion/change_form.html"

    class Media:
        css = {"all": ["classifier/model.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        newest = Subquery(Activation.objects.order_by("-id").values("version")[:1])
        is_live = ExpressionWrapper(Q(pk=newest), output_field=BooleanField())
        versions: QuerySet[ModelVersion] = super().get_queryset(request)
        return versions.annotate(is_live=is_live)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.plot)
        plot = path("<int:pk>/plots/<str:name>", view, name="classifier_modelversion_plot")
        return [plot, *super().get_urls()]

    def has_activate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("classifier.add_activation")

    @admin.display(boolean=True)
    def live(self, version: ModelVersion) -> bool:
        return bool(getattr(version, "is_live", False))

    @admin.display(description="micro-F1")
    def test_micro_f1(self, version: ModelVersion) -> str:
        return "–" if version.micro_f1 is None else f"{version.micro_f1:.3f}"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        version = context["original"]
        context["tables"] = list(model_page.tables(version.metrics))
        context["files"] = model_page.files(version)
        context["activations"] = model_page.activations(version)
        return super().render_change_form(request, context, *args, **kwargs)

    def plot(self, request: HttpRequest, pk: int, name: str) -> FileResponse:
        """A plot of the version's folder, if its manifest names it."""
        version = get_object_or_404(ModelVersion, pk=pk)
        if not self.has_view_permission(request, version):
            raise PermissionDenied
        content_type = model_page.plot_type(name)
        if content_type is None:
            raise Http404
        try:
            file = model_page.file(version, name).open("rb")
        except (OSError, ArtefactError, RegistryError) as error:
            raise Http404 from error
        return FileResponse(file, content_type=content_type)

    @admin.action(description="Activate the selected version", permissions=["activate"])
    def activate(
        self, request: HttpRequest, queryset: QuerySet[ModelVersion]
    ) -> HttpResponse | None:
        return self._confirmed(request, queryset, action="activate", run=registry.activate)

    @admin.action(description="Roll back the live version", permissions=["activate"])
    def roll_back(
        self, request: HttpRequest, queryset: QuerySet[ModelVersion]
    ) -> HttpResponse | None:
        def run(version: ModelVersion, *, reason: str, actor: str) -> Activation:
            if version != registry.live_version():
                raise RegistryError(f"{version} is not live. Select the live version.")
            return registry.rollback(reason=reason, actor=actor)

        return self._confirmed(request, queryset, action="roll_back", run=run)

    def _confirmed(
        self,
        request: HttpRequest,
        queryset: QuerySet[ModelVersion],
        *,
        action: str,
        run: Callable[..., Activation],
    ) -> HttpResponse | None:
        """Ask first, and why; with a reason run the action and say what came of it."""
        versions = list(queryset[:2])
        form = ReasonForm(request.POST if "confirm" in request.POST else None)
        if len(versions) != 1:
            self.message_user(request, "Select one version.", messages.ERROR)
        elif not form.is_valid():
            return self._question(request, versions[0], action, form)
        else:
            try:
                actor = request.user.get_username()
                live = run(versions[0], reason=form.cleaned_data["reason"], actor=actor).version
                text, level = f"{live} is live, everywhere within two seconds.", messages.SUCCESS
            except RegistryError as error:
                text, level = str(error), messages.ERROR
            self.message_user(request, text, level)
        return None

    def _question(
        self, request: HttpRequest, version: ModelVersion, action: str, form: ReasonForm
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Activate a model" if action == "activate" else "Roll back",
            "opts": self.opts,
            "action": action,
            "form": form,
            "version": version,
            "live": registry.live_version(),
            "previous": registry.previous_version(),
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/classifier/modelversion/confirm.html", context)


@admin.register(Activation)
class ActivationAdmin(ReadOnlyAdmin):
    list_display = ["version", "created_at", "actor", "reason", "restores"]
    list_select_related = ["version", "restores__version"]
    fields = ["version", "created_at", "actor", "reason", "restores"]
    search_fields = ["version__name", "actor", "reason"]
    date_hierarchy = "created_at"


@admin.register(BulkJob)
class BulkJobAdmin(ReadOnlyAdmin):
    """How far they are; what was sent and answered is for the caller alone."""

    list_display = ["short_id", "key", "state", "progress", "created_at", "ended_at"]
    list_filter = ["state"]
    list_select_related = ["key"]
    search_fields = ["uid", "key__name", "key__prefix"]
    search_help_text = "A job's id, or the name or the beginning of its key."
    fields = [
        "uid",
        "key",
        "state",
        "detail",
        "progress",
        "version",
        "created_at",
        "started_at",
        "ended_at",
    ]
    readonly_fields = ["uid", "progress"]

    @admin.display(description="id", ordering="uid")
    def short_id(self, job: BulkJob) -> str:
        return str(job.uid)[:8]

    @admin.display(description="messages")
    def progress(self, job: BulkJob) -> str:
        return f"{job.done:,} of {job.total:,}"
