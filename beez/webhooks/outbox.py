"""Writes what happened, in the transaction in which it happened, for the endpoints that want it.

Nothing is written where nobody wants it. What a transaction rolls back was never told.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Min

from beez.webhooks import kicking
from beez.webhooks.models import Kind, WebhookDelivery, WebhookEndpoint, WebhookEvent

# No tags: the event is not about tags, and every filter lets it pass.
_WANTED = """
    endpoint.enabled AND %(event_kind)s::text = ANY (endpoint.kinds)
    AND (
        %(event_tags)s::text[] IS NULL OR endpoint.tags = '{}'
        OR endpoint.tags::text[] && %(event_tags)s::text[]
    )
"""


def statement(*, given: str = "true") -> str:
    """The parts of a WITH for a larger statement, which tells of nothing but where `given` holds;
    `values` makes their parameters.

    Their endpoints are read without a lock, so that no writer waits for anybody here.
    """
    return f"""
    event AS (
        INSERT INTO beez_webhookevent (uid, kind, subject, data, occurred_at)
        SELECT gen_random_uuid(), %(event_kind)s::text, %(event_subject)s::text,
            %(event_data)s::jsonb, statement_timestamp()
        WHERE {given} AND %(event_kind)s::text IS NOT NULL
            AND EXISTS (SELECT 1 FROM beez_webhookendpoint AS endpoint WHERE {_WANTED})
        RETURNING id, subject
    ), delivery AS (
        INSERT INTO beez_webhookdelivery
            (event_id, endpoint_id, subject, state, attempts, queued_at, due_at)
        SELECT event.id, endpoint.id, event.subject, 'waiting', 0,
            statement_timestamp(), statement_timestamp()
        FROM event CROSS JOIN beez_webhookendpoint AS endpoint WHERE {_WANTED}
        RETURNING id
    )
"""


_RECORD = f"WITH {statement()} SELECT count(*) FROM delivery"

COUNTED = 100_000  # no backlog is counted further

NOTHING: dict[str, Any] = dict.fromkeys(("event_kind", "event_subject", "event_tags", "event_data"))


def values(
    *, kind: Kind, subject: str, data: Mapping[str, Any], tags: Sequence[str | None] | None = None
) -> dict[str, Any]:
    """The parameters of `statement`; `NOTHING` where nothing happened."""
    return {
        "event_kind": str(kind),
        "event_subject": subject,
        "event_tags": None if tags is None else [tag for tag in tags if tag is not None],
        "event_data": json.dumps(data),
    }


def record(
    *,
    kind: Kind,
    data: Mapping[str, Any],
    subject: str = "",
    tags: Sequence[str | None] | None = None,
) -> int:
    """Tell of an event once the caller's transaction commits; returns to how many endpoints.

    `subject` is the id of the conversation that it is about; events of one are told in order.
    `data` holds ids, tags and scores, never a customer's text. `tags` are what filters look at.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, values(kind=kind, subject=subject, data=data, tags=tags))
        (count,) = cursor.fetchone()
    recorded(count)
    return int(count)


def recorded(count: int) -> None:
    """So many deliveries were written: once the transaction commits, a worker hears of it."""
    if count:
        transaction.on_commit(kicking.kick)


def forget(*, subjects: Collection[str]) -> int:
    """Delete all events about conversations, told or not, with their log; returns how many."""
    if not all(subjects):
        raise ValueError("Events about no conversation are not forgotten.")
    with transaction.atomic():
        mine = WebhookDelivery.objects.filter(subject__in=subjects).order_by("pk")
        list(mine.select_for_update().values_list("pk", flat=True))  # in the order of `delivery`
        events = WebhookEvent.objects.filter(subject__in=subjects)
        count = events.count()
        events.delete()
    return count


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """Deliveries that wait and dead letters, COUNTED at most, and since when one has waited."""

    waiting: int
    dead: int
    oldest: datetime | None


def backlog() -> Backlog:
    of_endpoints = WebhookDelivery.objects.order_by().filter(
        endpoint__in=list(WebhookEndpoint.objects.values_list("pk", flat=True))
    )
    waiting = of_endpoints.filter(state=WebhookDelivery.State.WAITING)
    dead = of_endpoints.filter(state=WebhookDelivery.State.DEAD)
    return Backlog(
        waiting=waiting[:COUNTED].count(),
        dead=dead[:COUNTED].count(),
        oldest=waiting.aggregate(oldest=Min("queued_at"))["oldest"],
    )
