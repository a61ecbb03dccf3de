"""Gives up what has waited for too long, and deletes what has been kept for long enough."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from beez.webhooks import endpoints, retries
from beez.webhooks.models import WebhookDelivery, WebhookEndpoint

CHUNK = 5_000  # rows of one statement
_SLACK = timedelta(hours=1)  # the last attempt of a delivery decides first

_EVENTS = """
    DELETE FROM beez_webhookevent WHERE id IN (
        SELECT id FROM beez_webhookevent AS event
        WHERE occurred_at < %s AND NOT EXISTS (
            SELECT 1 FROM beez_webhookdelivery WHERE event_id = event.id
        )
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""


def tidy() -> None:
    give_up()
    forget_old()


def give_up() -> int:
    """What has waited for more than a day, behind others or for an endpoint that rests, and what
    waits for one that is switched off."""
    off = Exists(WebhookEndpoint.objects.filter(pk=OuterRef("endpoint_id"), enabled=False))
    late = Q(queued_at__lt=timezone.now() - retries.FOR - _SLACK)
    return endpoints.give_up(WebhookDelivery.objects.filter(late | Q(off)))


def forget_old() -> int:
    """Delete deliveries that ended `WEBHOOKS_KEEP_DAYS` ago, those of endpoints that are gone, and
    the events that nobody has any more; returns how many deliveries."""
    before = timezone.now() - timedelta(days=settings.WEBHOOKS_KEEP_DAYS)
    there = Exists(WebhookEndpoint.objects.filter(pk=OuterRef("endpoint_id")))
    old = WebhookDelivery.objects.filter(Q(ended_at__lt=before) | ~Q(there))
    count = 0
    while some := list(old.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        count += len(some)
        WebhookDelivery.objects.filter(pk__in=some).delete()
    while _delete_events(timezone.now() - _SLACK) == CHUNK:
        pass
    return count


def _delete_events(before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [before, CHUNK])
        return int(cursor.rowcount)
