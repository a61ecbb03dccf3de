"""Other systems are told how a training ended."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone

from beez.webhooks import endpoints
from beez.webhooks.models import Kind, WebhookEvent
from training.models import TrainingRun
from training.runs import recording
from training.runs.worker import Worker


@pytest.fixture(autouse=True)
def endpoint(db):
    return endpoints.create(url="https://shop.example/hook", kinds=[Kind.TRAINED])[0]


def told():
    return [(event.data["run"], event.data["state"]) for event in WebhookEvent.objects.all()]


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        (None, "succeeded"),
        (ValueError("no data"), "failed"),
        (recording.Cancelled("by anna"), "cancelled"),
    ],
)
def test_a_training_that_ended_is_told_once(ends, state):
    with suppress(ValueError), recording.recorded("command", {}):
        if ends is not None:
            raise ends
    assert told() == [(TrainingRun.objects.get().pk, state)]
    (event,) = WebhookEvent.objects.all()
    assert "no data" not in str(event.data)


def test_one_that_was_lost_is_told_by_who_finds_it():
    run = TrainingRun.objects.create(
        trigger="schedule", worker="gone:1", lease_until=timezone.now() - timedelta(minutes=1)
    )
    recording.end_all_lost()
    recording.end_all_lost()
    assert told() == [(run.pk, "failed")]


def test_one_that_never_began_is_told_when_it_failed_and_not_when_it_was_skipped():
    recording.skip("schedule", {}, "nothing new")
    assert told() == []
    run = recording.fail(Worker.of(), trigger="schedule", reason="no memory")
    assert told() == [(run.pk, "failed")]
