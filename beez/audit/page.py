"""The staff page of the audit log: filtered, read, taken along; nobody changes it here."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from beez.audit import export, trail
from beez.audit.models import AuditEntry
from beez.staff.pages import ReadOnlyAdmin


class ActionFilter(admin.SimpleListFilter):
    """By what the action is about; the actions themselves are too many to choose from."""

    title, parameter_name = "what it is about", "about"
    ABOUT: ClassVar = {
        "account": "Accounts and log-ins",
        "group": "Groups",
        "key": "API keys",
        "review": "Reviews",
        "conversation": "Erasures",
        "model": "Models going live",
        "threshold": "Thresholds",
        "tag": "Tags",
        "training": "Trainings",
        "trial": "Shadow trials",
        "webhook": "Webhooks",
        "audit": "Exports of this log",
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.ABOUT.items())

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry]
    ) -> QuerySet[AuditEntry]:
        if self.value() in self.ABOUT:
            return queryset.filter(action__startswith=f"{self.value()}.")
        return queryset


class WhenFilter(admin.SimpleListFilter):
    title, parameter_name = "when", "days"
    DAYS: ClassVar = {"1": "In the past 24 hours", "7": "In the past 7 days", "30": "In 30 days"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.DAYS.items())

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry]
    ) -> QuerySet[AuditEntry]:
        if (value := self.value()) in self.DAYS:
            return queryset.filter(at__gte=timezone.now() - timedelta(days=int(value)))
        return queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "who", "action", "subject", "told", "address")
    list_filter = (ActionFilter, WhenFilter, "kind")
    search_fields = ("actor__exact", "actor_id__exact", "subject__exact", "action__exact")
    search_help_text = "Exactly: who, a key's prefix, on what, or what was done, like key.revoked."
    fields = ("at", "actor", "kind", "actor_id", "action", "subject", "detail", "address")
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would be counted
    change_list_template = "admin/beez/auditentry/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export)
        return [path("export.<str:kind>", view, name="beez_auditentry_export"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Audit log", **(extra_context or {})})

    @admin.display(description="who", ordering="actor")
    def who(self, entry: AuditEntry) -> str:
        """A key's prefix too, for keys of one name are many."""
        is_key = entry.kind == AuditEntry.Kind.KEY
        return f"{entry.actor} (key {entry.actor_id})" if is_key else entry.actor

    @admin.display(description="more")
    def told(self, entry: AuditEntry) -> str:
        return "; ".join(f"{name}: {_words(value)}" for name, value in entry.detail.items())

    def export(self, request: HttpRequest, kind: str) -> StreamingHttpResponse:
        """The rows of the list as it is filtered."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if kind not in export.FORMATS:
            raise Http404
        content_type, lines = export.FORMATS[kind]
        rows = self.get_changelist_instance(request).get_queryset(request)
        filters = request.GET.urlencode()
        trail.record("audit.exported", subject=f"audit.{kind}", filters=filters[:300])
        name = f"beez-audit-{timezone.now():%Y%m%d-%H%M%S}.{kind}"
        answer = StreamingHttpResponse(lines(rows), content_type=content_type)
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
