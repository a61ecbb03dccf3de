"""Webhooks in the staff pages: a list with their health, and a page with what came of telling."""

import re
from collections.abc import Callable
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from beez.staff.pages import counted
from beez.webhooks import domain, endpoints
from beez.webhooks.endpoints import EndpointError
from beez.webhooks.models import Kind, WebhookDelivery, WebhookEndpoint

SHOWN = 50  # deliveries on an endpoint's page
FIELDS = ("url", "name", "kinds", "tags", "with_text")
State = WebhookDelivery.State
_KEY = re.compile(r"[0-9]{1,18}")


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    kinds = forms.MultipleChoiceField(
        label="Events", choices=Kind.choices, widget=forms.CheckboxSelectMultiple
    )
    tags = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Only events of conversations and messages with one of these tags. None: all.",
    )

    class Meta:
        model = WebhookEndpoint
        fields = (*FIELDS, "enabled")
        widgets = {"url": forms.URLInput(attrs={"class": "vURLField"})}  # noqa: RUF012

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "tags" in self.fields:  # not for who may only look
            gone = [tag for tag in self.instance.tags if tag not in domain.tag_names()]
            names = [*domain.tag_names(), *gone]
            cast(forms.MultipleChoiceField, self.fields["tags"]).choices = [(n, n) for n in names]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        try:
            endpoints.check({name: cleaned[name] for name in FIELDS if name in cleaned})
        except EndpointError as error:
            self.add_error(error.field or None, ValidationError(str(error)))
        return cleaned


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no subscript at run time
    form = EndpointForm
    list_display = ("__str__", "state", "events", "last_success_at", "undelivered")
    change_form_template = "admin/beez/webhookendpoint/change_form.html"
    actions = None

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["beez/webhooks.css"]}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return FIELDS if obj is None else (*FIELDS, "enabled")

    def get_urls(self) -> list[URLPattern]:
        doors: dict[str, Callable[[HttpRequest, WebhookEndpoint], str]] = {
            "test": self._test,
            "replay": self._replay,
            "rotate": self._rotate,
        }
        return [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(require_POST(self._door(do))),
                name=f"beez_webhookendpoint_{name}",
            )
            for name, do in doors.items()
        ] + super().get_urls()

    def save_model(
        self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool
    ) -> None:
        values = {name: form.cleaned_data[name] for name in form.fields}
        if change:
            before = WebhookEndpoint.objects.get(pk=obj.pk)
            endpoints.change(before, **values)
            return
        values.pop("enabled", None)
        row, secret = endpoints.create(**values)
        obj.pk = row.pk
        obj.refresh_from_db()
        self._show(request, secret)

    def delete_model(self, request: HttpRequest, obj: WebhookEndpoint) -> None:
        endpoints.remove(obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """In numbers: there may be very many deliveries."""
        rows = WebhookDelivery.objects.filter(endpoint__in=[one.pk for one in objs]).count()
        gone = [
            f"{one}, with {counted(rows, 'delivery', 'deliveries')} and their log" for one in objs
        ]
        may = self.has_delete_permission(request)
        return gone, {"webhooks": len(gone), "deliveries": rows}, set() if may else {"webhook"}, []

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if (endpoint := context.get("original")) is not None:
            context |= _health(endpoint) | {"may_change": self.has_change_permission(request)}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="state")
    def state(self, endpoint: WebhookEndpoint) -> SafeString:
        return format_html('<span class="hook-state hook-{}">{}</span>', *_state(endpoint))

    @admin.display(description="events")
    def events(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(endpoint.kinds)

    @admin.display(description="not delivered")
    def undelivered(self, endpoint: WebhookEndpoint) -> str:
        waiting, dead = _counts(endpoint)
        return f"{waiting} waiting, {counted(dead, 'dead letter')}"

    def _door(
        self, do: Callable[[HttpRequest, WebhookEndpoint], str]
    ) -> Callable[..., HttpResponse]:
        """A button on the page, for who may change it; the history keeps what was done."""

        def door(request: HttpRequest, pk: int) -> HttpResponse:
            if not self.has_change_permission(request):
                raise PermissionDenied
            endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
            try:
                self.log_change(request, endpoint, do(request, endpoint))
            except EndpointError as error:
                self.message_user(request, str(error), messages.ERROR)
            return redirect(reverse("admin:beez_webhookendpoint_change", args=[pk]))

        return door

    def _test(self, request: HttpRequest, endpoint: WebhookEndpoint) -> str:
        endpoints.send_test(endpoint)
        text = "A test event is on its way. Reload the page in a moment to see what came of it."
        self.message_user(request, text, messages.SUCCESS)
        return "Sent a test event."

    def _replay(self, request: HttpRequest, endpoint: WebhookEndpoint) -> str:
        chosen = [int(text) for text in request.POST.getlist("delivery") if _KEY.fullmatch(text)]
        count = endpoints.replay(endpoint, chosen if "delivery" in request.POST else None)
        text = f"{counted(count, 'dead letter')} will be tried again."
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)
        return f"Replayed {counted(count, 'dead letter')}."

    def _rotate(self, request: HttpRequest, endpoint: WebhookEndpoint) -> str:
        self._show(request, endpoints.rotate(endpoint))
        return "Rotated the secret."

    def _show(self, request: HttpRequest, secret: str) -> None:
        text = f"The secret, shown this once. Copy it now: {secret}"
        self.message_user(request, text, messages.WARNING)


def _state(endpoint: WebhookEndpoint) -> tuple[str, str]:
    """For the style sheet, and for people."""
    if not endpoint.enabled:
        return "off", "switched off"
    if endpoint.resting_until is not None and endpoint.resting_until > timezone.now():
        return "failing", "does not answer"
    if endpoint.last_failure_at and endpoint.last_failure_at > (
        endpoint.last_success_at or endpoint.created_at
    ):
        return "failing", "failed at last"
    return ("well", "works") if endpoint.last_success_at else ("new", "nothing told yet")


def _counts(endpoint: WebhookEndpoint) -> tuple[int, int]:
    return endpoints.counts([endpoint.pk]).get(endpoint.pk, (0, 0))


def _health(endpoint: WebhookEndpoint) -> dict[str, Any]:
    kind, words = _state(endpoint)
    waiting, dead = _counts(endpoint)
    rows = endpoint.deliveries.select_related("event").prefetch_related("log").order_by("-pk")
    return {
        "state_kind": kind,
        "state": words,
        "waiting": waiting,
        "dead": dead,
        "shown": SHOWN,
        "deliveries": [*map(_told, rows[:SHOWN])],
    }


def _told(row: WebhookDelivery) -> dict[str, Any]:
    last = next(iter(row.log.all()), None)
    return {
        "row": row,
        "last": last,
        "is_dead": row.state == State.DEAD,
        "is_waiting": row.state == State.WAITING,
    }
