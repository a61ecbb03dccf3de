"""Conversations for staff: found, read with their whole tag history, reviewed, never edited."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from beez.staff.pages import ReadOnlyAdmin, counted, is_superuser
from conversations import conditions, search
from conversations.erasure import erase
from conversations.models import Conversation
from conversations.shadow.pages import ShadowTrialAdmin
from conversations.staff import page, pills, review_doors
from conversations.staff.changelist import AsFarAsCounted, ConversationList
from conversations.staff.list_filters import (
    CorrectedFilter,
    CurrentTagFilter,
    ReviewedFilter,
    SequenceFilter,
    SwitchedFilter,
    ToCheckFilter,
    UpdatedFilter,
)
from conversations.staff.receipt_admin import ReceiptAdmin
from conversations.staff.threshold_admin import ThresholdChangeAdmin

__all__ = ["ConversationAdmin", "ReceiptAdmin", "ShadowTrialAdmin", "ThresholdChangeAdmin"]


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = (
        "conversation_id",
        "current_tag",
        "number_of_messages",
        "to_check",
        "last_switch_at",
        "updated_at",
    )
    list_filter = (
        ToCheckFilter,
        ReviewedFilter,
        CorrectedFilter,
        ("tag", CurrentTagFilter),
        SequenceFilter,
        SwitchedFilter,
        UpdatedFilter,
    )
    search_fields = ("conversation_id",)  # there is a search; `search` says what it finds
    search_help_text = (
        "A conversation's or customer's id or its beginning, or words of a message. "
        "The last word may be unfinished."
    )
    paginator = AsFarAsCounted
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would be counted
    fields = ("conversation_id",)

    class Media:
        css = {"all": (pills.STYLE, "conversations/conversation.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        conversations: QuerySet[Conversation] = super().get_queryset(request)
        return conversations.annotate(asks_for_review=conditions.asks_for_review())

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return ConversationList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversation], search_term: str
    ) -> tuple[QuerySet[Conversation], bool]:
        return queryset.filter(search.matching(search_term)), False

    def get_urls(self) -> list[URLPattern]:
        route, name = "<int:pk>/messages/<int:position>/review/", "conversations_message_review"
        return [path(route, review_doors.review, name=name), *super().get_urls()]

    @admin.display(description="Tag", ordering="tag__stage")
    def current_tag(self, conversation: Conversation) -> SafeString:
        return pills.pill(conversation.tag_id)

    @admin.display(description="Messages", ordering="message_count")
    def number_of_messages(self, conversation: Conversation) -> int:
        return conversation.message_count

    @admin.display(description="Check", empty_value="")
    def to_check(self, conversation: Conversation) -> SafeString | None:
        return pills.check() if getattr(conversation, "asks_for_review", False) else None

    def has_delete_permission(self, request: HttpRequest, obj: Conversation | None = None) -> bool:
        return is_superuser(request)

    def delete_model(self, request: HttpRequest, obj: Conversation) -> None:
        self.delete_queryset(request, Conversation.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        actor, names = (
            request.user.get_username(),
            queryset.values_list("conversation_id", flat=True),
        )
        erased = [erase(conversation_id=name, actor=actor) for name in list(names)]
        written = [receipt for receipt in erased if receipt is not None]
        page = reverse("admin:conversations_receipt_changelist")
        if len(written) == 1:
            page = reverse("admin:conversations_receipt_change", args=[written[0].pk])
        sentence = 'What was erased, and what had learnt from it: <a href="{}">{}</a>.'
        told = format_html(sentence, page, counted(len(written), "receipt"))
        self.message_user(request, told, messages.SUCCESS)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> list[Any]:
        """The receipt says who erased what; Django's log would keep the id."""
        return []

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        context |= page.context(
            context["original"], request.GET.get("page"), review_doors.outcome(request)
        )
        context["may_review"] = review_doors.may_review(request)
        return super().render_change_form(request, context, *args, **options)
