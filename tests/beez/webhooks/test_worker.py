"""A process is killed while it delivers, and a real worker delivers what it held."""

import os
import signal
import time

import pytest
from django.utils import timezone

from beez.webhooks.models import WebhookDelivery
from tests.beez import started
from tests.beez.webhooks.conftest import endpoint_at, switch

WORKER = ("-m", "celery", "-A", "beez", "worker", "--beat", "--without-mingle", "--without-gossip")
DELIVERY = """
import django
django.setup()
from beez.webhooks import delivery
delivery.run()
"""


@pytest.fixture
def start(tmp_path):
    with started.beside_the_test(tmp_path, WEBHOOKS_ALLOW_PRIVATE="true") as start:
        yield start


def wait_for(condition, process, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_nothing_is_lost_and_all_in_order_though_a_process_is_killed_and_no_task_was_sent(
    start, receiver
):
    endpoint_at(receiver.url)
    for position in range(1, 4):
        switch("c", position)
    receiver.answer = lambda got: time.sleep(5) or 200
    first = start("-c", DELIVERY)
    wait_for(lambda: receiver.got, first)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert WebhookDelivery.objects.filter(leased_until__gt=timezone.now()).count() == 1
    WebhookDelivery.objects.filter(leased_until__isnull=False).update(leased_until=timezone.now())
    receiver.answer = lambda got: 200
    worker = start(*WORKER)
    wait_for(lambda: len(receiver.got) >= 4, worker)
    wait_for(lambda: not WebhookDelivery.objects.exclude(state="delivered").exists(), worker)
    assert receiver.positions("c") == [1, 1, 2, 3]
