"""Conversations for staff: found, read with their whole tag history, reviewed, never edited."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from beez.staff.pages import ReadOnlyAdmin
from conversations import listing, page, pills, review_doors
from conversations.erasure import erase
from conversations.models import Conversation
from conversations.shadow.pages import ShadowTrialAdmin

__all__ = ["ConversationAdmin", "ShadowTrialAdmin"]


class SwitchedFilter(admin.SimpleListFilter):
    title = "switches"
    parameter_name = "switched"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        return [("yes", "Switched"), ("no", "Never switched")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Conversation]
    ) -> QuerySet[Conversation]:
        if self.value() in {"yes", "no"}:
            return queryset.filter(last_switch_at__isnull=self.value() == "no")
        return queryset


class ReviewFilter(admin.SimpleListFilter):
    title = "review"
    parameter_name = "review"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        return [("yes", "To check: the model is unsure"), ("no", "Nothing to check")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Conversation]
    ) -> QuerySet[Conversation]:
        if self.value() in {"yes", "no"}:
            asks = listing.asks_for_review()
            return queryset.filter(asks if self.value() == "yes" else ~asks)
        return queryset


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = (
        "conversation_id",
        "current_tag",
        "messages",
        "to_check",
        "last_switch_at",
        "updated_at",
    )
    list_filter = (ReviewFilter, SwitchedFilter, "tag")
    search_fields = ("conversation_id", "messages__text")
    search_help_text = "The conversation's id, or words of its messages"
    date_hierarchy = "updated_at"
    show_full_result_count = False
    fields = ("conversation_id",)

    class Media:
        css = {"all": (pills.STYLE, "conversations/conversation.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        conversations: QuerySet[Conversation] = super().get_queryset(request)
        return conversations.annotate(asks_for_review=listing.asks_for_review())

    def get_urls(self) -> list[URLPattern]:
        route, name = "<int:pk>/messages/<int:position>/review/", "conversations_message_review"
        return [path(route, review_doors.review, name=name), *super().get_urls()]

    @admin.display(description="Tag", ordering="tag__stage")
    def current_tag(self, conversation: Conversation) -> SafeString:
        return pills.pill(conversation.tag_id)

    @admin.display(description="Messages", ordering="message_count")
    def messages(self, conversation: Conversation) -> int:
        return conversation.message_count

    @admin.display(description="To check", empty_value="")
    def to_check(self, conversation: Conversation) -> SafeString | None:
        return pills.check() if getattr(conversation, "asks_for_review", False) else None

    def has_delete_permission(self, request: HttpRequest, obj: Conversation | None = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def delete_model(self, request: HttpRequest, obj: Conversation) -> None:
        erase(conversation_id=obj.conversation_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        for conversation in queryset:
            erase(conversation_id=conversation.conversation_id)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        context |= page.context(
            context["original"], request.GET.get("page"), review_doors.outcome(request)
        )
        context["may_review"] = review_doors.may_review(request)
        return super().render_change_form(request, context, *args, **options)
