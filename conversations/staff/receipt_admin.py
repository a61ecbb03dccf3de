"""Receipts of erasures, for superusers: listed, found by the id that was erased, downloaded."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path

from beez.staff.pages import ReadOnlyAdmin, Table, counted, is_superuser
from conversations import receipts
from conversations.models import Receipt


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("short_number", "kind", "actor", "conversations", "messages", "finished_at")
    list_filter = ("kind",)
    search_fields = ("number", "actor")
    search_help_text = "A receipt's number, who erased, or the whole id of what was erased."
    date_hierarchy = "created_at"
    fields = ("number", "kind", "actor", "created_at", "finished_at")
    change_form_template = "admin/conversations/receipt/change_form.html"

    class Media:
        css: ClassVar = {"all": ["conversations/receipt.css"]}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download)
        route = path("<int:pk>/receipt.json", view, name="conversations_receipt_download")
        return [route, *super().get_urls()]

    def has_view_permission(self, request: HttpRequest, obj: Receipt | None = None) -> bool:
        return is_superuser(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Receipt], search_term: str
    ) -> tuple[QuerySet[Receipt], bool]:
        found, duplicates = super().get_search_results(request, queryset, search_term)
        if not search_term:
            return found, duplicates
        digests = [receipts.digest(kind, search_term) for kind in Receipt.Kind]
        return found | queryset.filter(Q(subject_digest__in=digests)), duplicates

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        told = receipts.told(context["original"])
        context["tables"], context["remains"] = list(_tables(told)), told["remains"]
        return super().render_change_form(request, context, *args, **options)

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        receipt = get_object_or_404(Receipt, pk=pk)
        name = f'attachment; filename="receipt-{receipt.number}.json"'
        answer = JsonResponse(receipts.told(receipt), json_dumps_params={"indent": 2})
        answer["Content-Disposition"] = name
        return answer

    @admin.display(description="number", ordering="number")
    def short_number(self, receipt: Receipt) -> str:
        return str(receipt.number)[:8]

    @admin.display
    def conversations(self, receipt: Receipt) -> int:
        return int(receipt.erased.get("conversations", 0))

    @admin.display
    def messages(self, receipt: Receipt) -> int:
        return int(receipt.erased.get("messages", 0))


def _tables(told: receipts.Json) -> list[Table]:
    kinds = [(kind.replace("_", " "), count) for kind, count in told["erased"].items()]
    versions = [
        (
            one["version"],
            _count(one["learnt"]),
            _count(one["tested"]),
            "live" if one["live"] else "",
        )
        for one in told["model_versions"]
    ]
    found = [Table("What was erased", ["", "rows"], kinds)]
    if versions:
        columns = ["model version", "learnt from", "tested on", ""]
        found.append(
            Table("Versions that had learnt from it or were tested on it", columns, versions)
        )
    return found


def _count(messages: int | None) -> str:
    return "nobody can tell" if messages is None else counted(messages, "message")
