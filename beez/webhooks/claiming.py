"""Which deliveries a worker may take: due, held by no other, and first of their conversation.

A worker holds what it takes for `LEASE_SECONDS`. If it is killed, the time runs out and another
one takes it.
"""

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from beez.webhooks import retries
from beez.webhooks.models import WebhookDelivery, WebhookEndpoint

LEASE_SECONDS = 90  # longer than any attempt: resolving, the time-out, and a slow database

# To the planner a table that was empty at its last ANALYZE stays so, however full it is by now, and
# any index seems as good as another. The `+ 0` and the OFFSET leave it one way to look for earlier
# ones: by their subject, for each row in turn.
_CLAIM = """
    WITH due AS (
        SELECT delivery.id FROM beez_webhookdelivery AS delivery
        WHERE delivery.endpoint_id = %(endpoint)s AND delivery.state = 'waiting'
            AND delivery.due_at <= statement_timestamp()
            AND (delivery.leased_until IS NULL OR delivery.leased_until <= statement_timestamp())
            AND NOT EXISTS (
                SELECT 1 FROM beez_webhookdelivery AS earlier
                WHERE earlier.subject = delivery.subject AND earlier.state = 'waiting'
                    AND earlier.endpoint_id + 0 = delivery.endpoint_id
                    AND earlier.id + 0 < delivery.id
                OFFSET 0
            )
        ORDER BY delivery.due_at, delivery.id LIMIT %(most)s
        FOR UPDATE SKIP LOCKED
    )
    UPDATE beez_webhookdelivery AS delivery SET
        leased_until = statement_timestamp() + make_interval(secs => %(lease)s),
        attempts = attempts + 1
    WHERE delivery.id = ANY (ARRAY (SELECT id FROM due))
    RETURNING delivery.id
"""


def awake() -> list[WebhookEndpoint]:
    """The endpoints that may be tried now."""
    rested = Q(resting_until=None) | Q(resting_until__lte=Now())
    return list(WebhookEndpoint.objects.filter(rested, enabled=True))


def claim(endpoint: WebhookEndpoint, *, most: int) -> list[WebhookDelivery]:
    """At most so many of the endpoint's deliveries, the longest due first; they are ours to try.

    An endpoint that failed many times in a row gets one.
    """
    if endpoint.failures >= retries.DEAD_SLOW:
        most = min(most, 1)
    values = {"endpoint": endpoint.pk, "most": most, "lease": LEASE_SECONDS}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        taken = [pk for (pk,) in cursor.fetchall()]
    if not taken:
        return []
    found = WebhookDelivery.objects.filter(pk__in=taken).select_related("event", "endpoint")
    return list(found.order_by("pk"))
