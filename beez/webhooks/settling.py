"""What follows from an attempt: delivered, tried again or given up, for it and its endpoint.

Rows of deliveries are locked in the order of their ids, here and in `outbox.forget`.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from beez.webhooks import endpoints, retries
from beez.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from beez.webhooks.sending import GONE, Answer

State = WebhookDelivery.State


def settle(delivery: WebhookDelivery, answer: Answer) -> None:
    """Write the attempt down. Nothing where the event was forgotten meanwhile, or another worker
    took it over since."""
    with transaction.atomic():
        row = WebhookDelivery.objects.select_for_update(no_key=True).filter(pk=delivery.pk).first()
        if row is None or row.state != State.WAITING:
            return
        if row.attempts != delivery.attempts and not answer.delivered:
            return
        WebhookAttempt.objects.create(
            delivery=row,
            number=delivery.attempts,
            at=timezone.now() - timedelta(seconds=answer.seconds),
            seconds=answer.seconds,
            status=answer.status,
            outcome=answer.outcome,
        )
        _delivered(row) if answer.delivered else _failed(row, answer)


def _delivered(row: WebhookDelivery) -> None:
    now = timezone.now()
    _of(row).update(state=State.DELIVERED, ended_at=now, leased_until=None)
    mine = WebhookEndpoint.objects.filter(pk=row.endpoint_id)
    if mine.filter(failures__gte=retries.DOWN).exists():  # it is back, so nothing waits on
        _in_order(endpoint=row.endpoint_id, due_at__gt=now, leased_until=None).update(due_at=now)
    mine.update(last_success_at=now, failures=0, resting_until=None)


def _failed(row: WebhookDelivery, answer: Answer) -> None:
    now = timezone.now()
    endpoint = WebhookEndpoint.objects.filter(pk=row.endpoint_id).first()
    if endpoint is None:
        return
    due = now + retries.pause(row.attempts, answer.retry_after)
    if answer.status == GONE or due > row.queued_at + retries.FOR:
        _of(row).update(state=State.DEAD, ended_at=now, leased_until=None)
    else:
        _of(row).update(due_at=due, leased_until=None)
        _in_order(endpoint=row.endpoint_id, subject=row.subject, pk__gt=row.pk).update(due_at=due)
    if answer.status == GONE:
        endpoints.disable(endpoint, reason="It answered 410 Gone.")
    _note_failure(endpoint, first=row.attempts == 1)


def _note_failure(endpoint: WebhookEndpoint, *, first: bool) -> None:
    """A delivery that fails again and again says less of the endpoint than many that fail at first:
    the others must not wait for the one."""
    now = timezone.now()
    slow = endpoint.failures >= retries.DEAD_SLOW
    failures = endpoint.failures + (1 if first or slow else 0)
    rest = retries.rest(failures)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        last_failure_at=now,
        failures=F("failures") + (failures - endpoint.failures),
        resting_until=None if rest is None else now + rest,
    )


def _of(row: WebhookDelivery) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(pk=row.pk)


def _in_order(**conditions: object) -> QuerySet[WebhookDelivery]:
    """Waiting ones, locked by their ids; those that another transaction holds are left out."""
    found = WebhookDelivery.objects.filter(state=State.WAITING, **conditions).order_by("pk")
    locked = found.select_for_update(skip_locked=True, no_key=True).values("pk")
    return WebhookDelivery.objects.filter(pk__in=locked)
