"""The staff pages of thresholds: those in force, what a change would do, and every change.

They belong to `classifier`, and stand here because they tell of stored messages.
"""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from beez.staff.pages import ReadOnlyAdmin
from classifier import threshold_page, thresholds
from classifier.models import ThresholdChange
from classifier.tags import label
from classifier.threshold_page import ThresholdForm
from conversations.staff import pills
from conversations.staff.threshold_preview import preview


@admin.register(ThresholdChange)
class ThresholdChangeAdmin(ReadOnlyAdmin):
    """The thresholds in force above every change that led to them; adding a row is a change."""

    form = ThresholdForm
    list_display = ("threshold_of", "set_to", "actor", "note", "created_at")
    search_fields = ("tag__name", "actor", "note")
    date_hierarchy = "created_at"

    class Media:
        styles = (pills.STYLE, "classifier/thresholds.css", "conversations/consequences.css")
        css: ClassVar = {"all": styles}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("classifier.add_thresholdchange")

    def get_fields(
        self, request: HttpRequest, obj: ThresholdChange | None = None
    ) -> tuple[str, ...]:
        if obj is None:
            return "tag", "value", "reset", "note"
        return "threshold_of", "set_to", "note", "actor", "created_at"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Thresholds", "thresholds": threshold_page.lines()}
        return super().changelist_view(request, context | (extra_context or {}))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form; then what it would do; then, confirmed, the change."""
        if request.method == "POST" and "confirm" not in request.POST:
            form = self.get_form(request)(request.POST)
            if self.has_add_permission(request) and form.is_valid():
                return self._preview(request, form)
        context = {"title": "Change a threshold", **(extra_context or {})}
        return super().add_view(request, form_url, context)

    @admin.display(description="threshold of", ordering="tag")
    def threshold_of(self, change: ThresholdChange) -> str:
        return change.tag_id or threshold_page.ALL_TAGS

    @admin.display(description="set to", ordering="value")
    def set_to(self, change: ThresholdChange) -> str:
        return "reset" if change.value is None else f"{change.value:g}"

    def save_model(
        self, request: HttpRequest, obj: ThresholdChange, form: Any, change: bool
    ) -> None:
        (row,) = thresholds.change(
            values={obj.tag_id: obj.value}, note=obj.note, actor=request.user.get_username()
        )
        obj.pk = row.pk
        obj.refresh_from_db()

    def _preview(self, request: HttpRequest, form: Any) -> HttpResponse:
        change = form.instance
        typed = {name: request.POST.get(name, "") for name in form.fields}
        sent = {name: value for name, value in typed.items() if value}
        context = {
            **self.admin_site.each_context(request),
            "title": "What this would do",
            "opts": self.opts,
            "media": self.media,
            "change": change,
            "label": label(change.tag_id) if change.tag_id else threshold_page.ALL_TAGS,
            "sent": sent,
            "back": urlencode(sent),
            "preview": preview(change.tag_id, change.value),
            "shows_messages": request.user.has_perm("conversations.view_conversation"),
        }
        return TemplateResponse(request, "admin/classifier/thresholdchange/preview.html", context)
