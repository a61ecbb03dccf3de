import pytest

from beez.webhooks import delivery, endpoints, outbox
from beez.webhooks.models import Kind, WebhookDelivery
from tests.beez.webhooks.receiver import listening

SWITCHED = Kind.TAG_SWITCHED


@pytest.fixture(autouse=True)
def surroundings(settings, monkeypatch):
    """Receivers stand on this machine; nobody but the test delivers."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    settings.WEBHOOKS_TIMEOUT = 10
    monkeypatch.setattr("beez.webhooks.kicking.kick", lambda: None)


@pytest.fixture
def receiver():
    with listening() as one:
        yield one


@pytest.fixture
def other_receiver():
    with listening() as one:
        yield one


@pytest.fixture
def endpoint(db, receiver):
    return endpoint_at(receiver.url)


def endpoint_at(url, **values):
    return endpoints.create(**{"url": url, "kinds": Kind.values, **values})[0]


def switch(conversation="c", position=1, **values):
    """Record the event of a switch."""
    data = {"conversation_id": conversation, "position": position}
    return outbox.record(kind=SWITCHED, subject=conversation, data=data, **values)


def deliver():
    """What is due now, and nothing that becomes due later."""
    return delivery.run(linger=0)


def make_due():
    """As if the pauses were over."""
    from django.utils import timezone

    now = timezone.now()
    waiting = WebhookDelivery.objects.filter(state="waiting", leased_until=None)
    waiting.update(due_at=now)


def states(conversation=None):
    found = WebhookDelivery.objects.order_by("pk")
    if conversation:
        found = found.filter(subject=conversation)
    return list(found.values_list("state", flat=True))
