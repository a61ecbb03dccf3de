"""API keys in the admin: made (and shown once), listed, revoked, never edited."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from beez.api import keys
from beez.api.models import ApiKey
from beez.webhooks.staff import WebhookEndpointAdmin

__all__ = ["ApiKeyAdmin", "WebhookEndpointAdmin"]

admin.site.site_header = admin.site.site_title = "Beez"
admin.site.index_title = "What is going on"


class NewKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    scopes = forms.MultipleChoiceField(
        choices=ApiKey.Scope.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "expires_at")


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    form = NewKeyForm
    list_display = (
        "name",
        "prefix",
        "scopes",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    search_fields = ("name", "prefix")
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("name", "scopes", "expires_at")
        return self.list_display

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False  # revoked keys stay, so that it can be told who could do what

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        row, key = keys.create(name=obj.name, scopes=obj.scopes, expires_at=obj.expires_at)
        obj.pk = row.pk
        obj.refresh_from_db()
        self.message_user(
            request, f"The key, shown this once. Copy it now: {key}", messages.WARNING
        )

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for row in queryset:
            keys.revoke(row)
        self.message_user(request, f"Revoked: {', '.join(row.name for row in queryset)}.")
