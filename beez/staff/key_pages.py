"""API keys in the staff pages: made (and shown once), rotated, revoked; never edited."""

from datetime import timedelta
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from beez.api import key_states, keys, powers
from beez.api.models import ApiKey
from beez.api.names import why_not_a_name

SHOWN_ONCE = "The key, shown this once. Copy it now: {}"
WITHIN = "In two seconds at most it opens nothing any more."
OVERLAP = 7  # days


class NewKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Offers the scopes that `holder`, whom the admin sets, may hand out."""

    holder: ClassVar[powers.Holder | None] = None
    scopes = forms.MultipleChoiceField(
        choices=ApiKey.Scope.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        over = powers.beyond(self.holder, ApiKey.Scope.values) if self.holder else []
        scopes = cast(forms.MultipleChoiceField, self.fields["scopes"])
        scopes.choices = [one for one in ApiKey.Scope.choices if one[0] not in over]
        if over:
            scopes.help_text = (
                f"Your account may not do what these allow, so a superuser gives them: "
                f"{', '.join(over)}."
            )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if wrong := why_not_a_name(name, longest=keys.LONGEST_NAME):
            raise forms.ValidationError(wrong)
        return name


class RotationForm(forms.Form):
    days = forms.IntegerField(
        label="The old key goes on for, in days",
        initial=OVERLAP,
        min_value=0,
        max_value=keys.LONGEST_OVERLAP.days,
        help_text="Long enough for every caller to get the new one. 0: it ends at once.",
    )


class UseFilter(admin.SimpleListFilter):
    title, parameter_name = "state and use", "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("open", "Opens something"),
            ("soon", f"Ends within {key_states.SOON.days} days"),
            ("unused", f"Not used for {key_states.UNUSED.days} days"),
            ("never", "Never used"),
            ("closed", "Expired or revoked"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        condition = key_states.CONDITIONS.get(self.value() or "")
        return queryset.filter(condition(timezone.now())) if condition else queryset


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    form = NewKeyForm
    list_display = ("name", "prefix", "state", "granted", "used", "expires_at", "created_at")
    list_filter = (UseFilter,)
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("name", "prefix")
    actions = ("revoke",)
    change_form_template = "admin/beez/apikey/change_form.html"

    class Media:
        css: ClassVar = {"all": ("beez/keys.css",)}

    def get_urls(self) -> list[URLPattern]:
        doors = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"beez_apikey_{name}")
            for name, view in (("revoke", self.revoke_view), ("rotate", self.rotate_view))
        ]
        return [*doors, *super().get_urls()]

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> type[forms.ModelForm]:  # type: ignore[type-arg]
        form = super().get_form(request, *args, **kwargs)
        return type(form.__name__, (form,), {"holder": request.user})

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("name", "scopes", "expires_at")
        return (*self.list_display, "revoked_at", "replaced_by", "takes_over_from")

    def get_readonly_fields(
        self, request: HttpRequest, obj: ApiKey | None = None
    ) -> tuple[str, ...]:
        return () if obj is None else ("state", "granted", "used", "takes_over_from")

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False  # revoked keys stay, so that it can be told who could do what

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("beez.change_apikey")

    def has_rotate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["beez.add_apikey", "beez.change_apikey"])

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "API keys", **(extra_context or {})})

    @admin.display(description="scopes")
    def granted(self, row: ApiKey) -> str:
        return ", ".join(row.scopes)

    @admin.display(description="last used", ordering="last_used_at")
    def used(self, row: ApiKey) -> Any:
        return row.last_used_at or "never"

    @admin.display(description="takes over from")
    def takes_over_from(self, row: ApiKey) -> str:
        return str(getattr(row, "replaces", None) or "–")

    @admin.display
    def state(self, row: ApiKey) -> SafeString:
        found = key_states.state(row)
        mark = '<span class="key-state key-{}">{}</span>'
        pill = format_html(mark, found.replace(" ", "-"), found)
        if key_states.is_unused(row):
            pill += format_html(mark, "unused", f"not used for {key_states.UNUSED.days} days")
        return pill

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        row, key = keys.create(name=obj.name, scopes=obj.scopes, expires_at=obj.expires_at)
        obj.pk = row.pk
        obj.refresh_from_db()
        self.message_user(request, SHOWN_ONCE.format(key), messages.WARNING)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        context["may_revoke"] = row and not row.revoked_at and self.has_revoke_permission(request)
        context["may_rotate"] = (
            row
            and self.has_rotate_permission(request)
            and row.replaced_by_id is None
            and key_states.state(row) in ("valid", "ends soon")
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask first, then revoke."""
        row = get_object_or_404(ApiKey, pk=pk)
        if not self.has_revoke_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._question(request, row, title="Revoke an API key", name="revoke")
        keys.revoke(row)
        self.message_user(request, f"Revoked: {row.name}. {WITHIN}")
        return redirect("admin:beez_apikey_change", pk)

    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for the overlap, then make the new key, and show it."""
        row = get_object_or_404(ApiKey, pk=pk)
        if not self.has_rotate_permission(request) or powers.beyond(request.user, row.scopes):
            raise PermissionDenied
        form = RotationForm(request.POST or None)
        if not form.is_valid():
            return self._question(request, row, title="Rotate an API key", name="rotate", form=form)
        try:
            new, key = keys.rotate(row, overlap=timedelta(days=form.cleaned_data["days"]))
        except keys.RotationError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("admin:beez_apikey_change", pk)
        self.message_user(request, SHOWN_ONCE.format(key), messages.WARNING)
        return redirect("admin:beez_apikey_change", new.pk)

    def _question(
        self, request: HttpRequest, row: ApiKey, *, title: str, name: str, **more: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "media": self.media,
            "row": row,
            **more,
        }
        return TemplateResponse(request, f"admin/beez/apikey/{name}.html", context)

    @admin.action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for row in queryset:
            keys.revoke(row)
        self.message_user(request, f"Revoked: {', '.join(row.name for row in queryset)}. {WITHIN}")
