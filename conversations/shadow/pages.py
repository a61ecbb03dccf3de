"""The staff pages of trials: start one, watch where the candidate differs, stop it."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from beez.staff.pages import ReadOnlyAdmin
from classifier.models import ModelVersion
from conversations.models import ShadowTrial
from conversations.shadow import differences, trial
from conversations.shadow.trial import ShadowError
from conversations.staff import pills


class TrialForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Which version, and on how many of the messages that come from now on."""

    version = forms.ModelChoiceField(ModelVersion.objects, label="Candidate")
    share = forms.FloatField(
        initial=0.2,
        min_value=0.001,
        max_value=1,
        help_text="Of the messages, from 0.001 to 1. The candidate reads them in the background; "
        "answers to customers and their conversations stay as they are.",
    )

    class Meta:
        model = ShadowTrial
        fields = ("version", "share")

    def clean(self) -> dict[str, Any]:
        """What speaks against the trial stands on the form."""
        cleaned: dict[str, Any] = super().clean() or {}
        if version := cleaned.get("version"):
            try:
                trial.check(version)
            except ShadowError as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned


@admin.register(ShadowTrial)
class ShadowTrialAdmin(ReadOnlyAdmin):
    form = TrialForm
    list_display = ("version", "share", "state", "started_at", "started_by", "ended_at")
    list_select_related = ("version",)
    actions = ("stop",)
    change_form_template = "admin/conversations/shadow/change_form.html"

    class Media:
        css: ClassVar = {"all": (pills.STYLE, "conversations/shadow.css")}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conversations.add_shadowtrial")

    def has_stop_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("conversations.change_shadowtrial")

    def get_fields(self, request: HttpRequest, obj: ShadowTrial | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("version", "share")
        return ("version", "share", "state", "started_at", "started_by", "ended_at", "ended_by")

    def get_readonly_fields(
        self, request: HttpRequest, obj: ShadowTrial | None = None
    ) -> tuple[str, ...]:
        return () if obj is None else ("state",)

    @admin.display
    def state(self, shown: ShadowTrial) -> SafeString | str:
        return "running" if shown.ended_at is None else "over"

    def save_model(self, request: HttpRequest, obj: ShadowTrial, form: Any, change: bool) -> None:
        try:
            started = trial.start(
                version=obj.version, share=obj.share, actor=request.user.get_username()
            )
        except ShadowError as error:  # since the form was checked
            self.message_user(request, str(error), messages.ERROR)
            return
        obj.pk = started.pk
        obj.refresh_from_db()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if context.get("original") is not None:
            context["summary"] = differences.summary(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(description="Stop the selected trials", permissions=["stop"])
    def stop(self, request: HttpRequest, queryset: QuerySet[ShadowTrial]) -> None:
        for shown in queryset:
            trial.stop(shown, actor=request.user.get_username())
        self.message_user(request, "Stopped. What the candidate said is kept.")
