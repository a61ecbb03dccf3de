"""The staff pages of comparisons: read them, take them along, sign where somebody has to."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from beez.staff.pages import ReadOnlyAdmin
from classifier.registry import RegistryError
from conversations.staff import pills
from training.card import comparison_page, comparison_text, forest
from training.models import Comparison
from training.runs import comparisons


class SignatureForm(forms.Form):
    reason = forms.CharField(
        label="Why it may go live",
        min_length=comparisons.REASON[0],
        max_length=comparisons.REASON[1],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Your name and this reason stay with the comparison and in the ledger of what "
        "was live.",
    )


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
    list_display = ("challenger", "champion", "pill", "signed_by", "created_at")
    list_filter = ("verdict",)
    list_select_related = ("challenger", "champion")
    search_fields = ("challenger__name", "champion__name", "reason", "signed_by")
    date_hierarchy = "created_at"
    change_form_template = "admin/training/comparison/change_form.html"

    class Media:
        css: ClassVar = {"all": (pills.STYLE, "training/admin.css", "training/comparison.css")}

    def get_urls(self) -> list[URLPattern]:
        doors = [
            path(f"<int:pk>/{name}", self.admin_site.admin_view(view), name=f"comparison_{door}")
            for name, view, door in (
                ("sign", self.sign, "sign"),
                ("report.md", self.markdown, "markdown"),
                ("report.json", self.json, "json"),
                ("report.svg", self.plot, "plot"),
            )
        ]
        return [*doors, *super().get_urls()]

    def has_sign_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("classifier.add_activation")

    @admin.display(description="verdict", ordering="verdict")
    def pill(self, comparison: Comparison) -> SafeString:
        signed = comparison.signed_at is not None
        name, words = comparison.verdict, comparison.get_verdict_display()
        return format_html(
            '<span class="pill pill-{}">{}</span>',
            "live" if signed else name,
            "signed" if signed else words,
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        comparison = context["original"]
        may_read = request.user.has_perm("conversations.view_conversation")
        context |= comparison_page.context(comparison, may_read=may_read)
        context |= {
            "pill": self.pill(comparison),
            "may_sign": self.has_sign_permission(request),
            "signature": SignatureForm(),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def sign(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The form by itself, and what it sends."""
        comparison = self._visible(request, pk)
        if not self.has_sign_permission(request):
            raise PermissionDenied
        form = SignatureForm(request.POST or None)
        if form.is_valid() and self._signed(request, comparison, form.cleaned_data["reason"]):
            page = reverse("admin:training_comparison_change", args=[pk])
            return HttpResponseRedirect(page)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Sign for {comparison.challenger}",
            "opts": self.opts,
            "media": self.media,
            "original": comparison,
            "signature": form,
        }
        return TemplateResponse(request, "admin/training/comparison/sign.html", context)

    def _signed(self, request: HttpRequest, comparison: Comparison, reason: str) -> bool:
        try:
            comparisons.sign(comparison, actor=request.user.get_username(), reason=reason)
        except (comparisons.SigningError, RegistryError) as error:
            self.message_user(request, str(error), messages.ERROR)
            return False
        text = f"{comparison.challenger} is live, everywhere within two seconds."
        self.message_user(request, text, messages.SUCCESS)
        return True

    def markdown(self, request: HttpRequest, pk: int) -> HttpResponse:
        comparison = self._visible(request, pk)
        text = comparison.markdown + comparison_text.signature(comparison)
        return _download(comparison, "md", text, "text/markdown; charset=utf-8")

    def json(self, request: HttpRequest, pk: int) -> HttpResponse:
        comparison = self._visible(request, pk)
        options = {"ensure_ascii": False, "indent": 2}
        response = JsonResponse(comparison_text.as_json(comparison), json_dumps_params=options)
        return _attached(comparison, "json", response)

    def plot(self, request: HttpRequest, pk: int) -> HttpResponse:
        comparison = self._visible(request, pk)
        drawn = {"chart": forest.draw(comparison.report), "alone": True}
        text = render_to_string("admin/training/comparison/forest.svg", drawn)
        return _download(comparison, "svg", text, "image/svg+xml")

    def _visible(self, request: HttpRequest, pk: int) -> Comparison:
        comparison = get_object_or_404(Comparison, pk=pk)
        if not self.has_view_permission(request, comparison):
            raise PermissionDenied
        return comparison


def _download(comparison: Comparison, suffix: str, text: str, content_type: str) -> HttpResponse:
    return _attached(comparison, suffix, HttpResponse(text, content_type=content_type))


def _attached(comparison: Comparison, suffix: str, response: HttpResponse) -> HttpResponse:
    name = comparison_text.file_name(comparison.challenger.name, suffix)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
