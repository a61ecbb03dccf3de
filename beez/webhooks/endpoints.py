"""The one write path of endpoints: made, changed, switched off, removed, tried, replayed."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from beez.audit import trail
from beez.webhooks import addresses, domain, kicking, signing
from beez.webhooks.models import TEST, Kind, WebhookDelivery, WebhookEndpoint, WebhookEvent

State = WebhookDelivery.State


class EndpointError(ValueError):
    """An endpoint cannot be as wanted; `field` is which of its fields, empty for none."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def create(**values: Any) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, which is not shown again. EndpointError."""
    check(values)
    secret = signing.new_secret()
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.create(**values, secret=secret)
        _tell("created", endpoint)
    return endpoint, secret


def change(endpoint: WebhookEndpoint, **values: Any) -> WebhookEndpoint:
    """Set some of its fields; switching it on or off has its consequences. EndpointError."""
    check(values)
    enabled = values.pop("enabled", endpoint.enabled)
    if "url" in values:  # another receiver begins with a clean record
        values |= {"failures": 0, "resting_until": None}
    with transaction.atomic():
        if values:
            WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**values)
        if enabled and not endpoint.enabled:
            enable(endpoint)
        elif not enabled and endpoint.enabled:
            disable(endpoint, reason="Switched off by a person.")
        _tell("changed", endpoint, enabled=enabled)
    endpoint.refresh_from_db()
    return endpoint


def check(values: dict[str, Any]) -> None:
    """EndpointError for the first of `values` that will not do."""
    if "url" in values:
        try:
            addresses.parsed(values["url"])
        except addresses.RefusedError as error:
            raise EndpointError(str(error), field="url") from None
    _known(values.get("kinds"), Kind.values, "kinds", "event", needed=True)
    _known(values.get("tags"), domain.tag_names(), "tags", "tag")


def rotate(endpoint: WebhookEndpoint) -> str:
    """A new secret; for `signing.OVERLAP` deliveries are signed with the old one too."""
    secret = signing.new_secret()
    with transaction.atomic():
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
            secret=secret,
            old_secret=endpoint.secret,
            old_secret_until=timezone.now() + signing.OVERLAP,
        )
        _tell("rotated", endpoint)
    endpoint.refresh_from_db()
    return secret


def enable(endpoint: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        enabled=True, disabled_reason="", failures=0, resting_until=None
    )


def disable(endpoint: WebhookEndpoint, *, reason: str) -> None:
    """Tell it nothing more. What waits for it becomes dead letters, which can be replayed."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(enabled=False, disabled_reason=reason)
    give_up(WebhookDelivery.objects.filter(endpoint=endpoint.pk))


def give_up(deliveries: QuerySet[WebhookDelivery]) -> int:
    """Those that wait become dead letters. What a worker holds is left to it."""
    free = Q(leased_until=None) | Q(leased_until__lte=timezone.now())
    waiting = deliveries.filter(free, state=State.WAITING)
    locked = waiting.select_for_update(skip_locked=True, no_key=True).values("pk")
    return WebhookDelivery.objects.filter(pk__in=locked).update(
        state=State.DEAD, ended_at=timezone.now(), leased_until=None
    )


def remove(endpoint: WebhookEndpoint) -> None:
    """With its deliveries and their log; events that nobody else had go by and by."""
    pk = endpoint.pk
    with transaction.atomic():
        _tell("removed", endpoint)
        endpoint.delete()
        WebhookDelivery.objects.filter(endpoint=pk).delete()


def _tell(verb: str, endpoint: WebhookEndpoint, **detail: Any) -> None:
    """In the audit log, without its address, which may hold a secret."""
    trail.record(f"webhook.{verb}", subject=f"webhook {endpoint.pk}", **detail)


def send_test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """An event of the type `webhook.test` for it alone. EndpointError where it is switched off."""
    _must_be_enabled(endpoint)
    with transaction.atomic():
        event = WebhookEvent.objects.create(
            kind=TEST, data={"endpoint": endpoint.pk}, occurred_at=timezone.now()
        )
        delivery = WebhookDelivery.objects.create(event=event, endpoint=endpoint)
        transaction.on_commit(kicking.kick)
    return delivery


def replay(endpoint: WebhookEndpoint, deliveries: Iterable[int] | None = None) -> int:
    """Let dead letters be tried for a day again, all or those of some keys; returns how many.

    EndpointError where the endpoint is switched off.
    """
    _must_be_enabled(endpoint)
    now = timezone.now()
    dead = WebhookDelivery.objects.filter(endpoint=endpoint.pk, state=State.DEAD)
    if deliveries is not None:
        dead = dead.filter(pk__in=list(deliveries))
    with transaction.atomic():
        count = dead.update(
            state=State.WAITING, attempts=0, queued_at=now, due_at=now, ended_at=None
        )
        transaction.on_commit(kicking.kick)
    return count


def counts(endpoints: Iterable[int]) -> dict[int, tuple[int, int]]:
    """How many deliveries wait, and how many are dead letters, by endpoint."""
    rows = (
        WebhookDelivery.objects.filter(endpoint__in=list(endpoints))
        .exclude(state=State.DELIVERED)
        .values_list("endpoint_id")
        .annotate(
            waiting=Count("pk", filter=Q(state=State.WAITING)),
            dead=Count("pk", filter=Q(state=State.DEAD)),
        )
        .order_by()
    )
    return {pk: (waiting, dead) for pk, waiting, dead in rows}


def _must_be_enabled(endpoint: WebhookEndpoint) -> None:
    if not endpoint.enabled:
        raise EndpointError("The webhook is switched off. Switch it on first.")


def _known(
    wanted: list[str] | None, known: Iterable[str], field: str, one: str, *, needed: bool = False
) -> None:
    if wanted is None:
        return
    if needed and not wanted:
        raise EndpointError(f"Choose at least one {one}.", field=field)
    names = list(known)
    if unknown := [name for name in wanted if name not in names]:
        raise EndpointError(
            f"There is no {one} {unknown[0][:100]!r}. Known are: {', '.join(names)}.", field=field
        )
