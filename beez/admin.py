"""The shell's staff pages, where Django looks for them: keys, the audit log, and accounts."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from beez.audit.page import AuditEntryAdmin
from beez.staff.key_pages import ApiKeyAdmin
from beez.staff.pages import is_superuser
from beez.webhooks.staff import WebhookEndpointAdmin

__all__ = ["AccountAdmin", "ApiKeyAdmin", "AuditEntryAdmin", "RoleAdmin", "WebhookEndpointAdmin"]

admin.site.site_header = admin.site.site_title = "Beez"
admin.site.index_title = "What is going on"
admin.site.unregister((User, Group))


class SuperusersOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # no subscript at run time
    """Whoever may change an account may make it, or themselves, anything."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)


@admin.register(User)
class AccountAdmin(SuperusersOnly, UserAdmin):  # type: ignore[type-arg]  # as above
    pass


@admin.register(Group)
class RoleAdmin(SuperusersOnly, GroupAdmin):
    pass
