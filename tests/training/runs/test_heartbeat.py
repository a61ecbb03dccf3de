import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from training.models import TrainingRun
from training.runs import heartbeat, recording

State = TrainingRun.State
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.05)


def within(seconds, condition):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_lease_is_renewed_while_the_training_does_something_else():
    with recording.recorded("command", {}) as handle:
        TrainingRun.objects.update(lease_until=timezone.now() + timedelta(seconds=1))
        within(
            5, lambda: TrainingRun.objects.get().lease_until > timezone.now() + heartbeat.LEASE / 2
        )
        handle.check()


def test_progress_reaches_the_row_without_a_step():
    with recording.recorded("command", {}) as handle:
        handle.report({"epoch": 1, "epochs": 2, "batch": 3, "batches": 8, "loss": 0.5})
        within(5, lambda: TrainingRun.objects.get().progress.get("batch") == 3)


def test_a_run_that_was_taken_for_lost_stops_at_its_next_batch():
    with pytest.raises(recording.LeaseLost), recording.recorded("command", {}) as handle:
        TrainingRun.objects.update(state=State.FAILED, reason="lost")
        within(5, lambda: handle.heart.seen and handle.heart.seen.state == State.FAILED)
        handle.report({"epoch": 1, "batch": 1, "batches": 8, "loss": 0.5})
    assert TrainingRun.objects.get().reason == "lost"


def test_the_heart_outlives_a_connection_that_is_cut():
    with recording.recorded("command", {}) as handle:
        within(5, lambda: handle.heart.seen)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchone()[0] >= 1
        TrainingRun.objects.update(lease_until=timezone.now())
        within(
            5, lambda: TrainingRun.objects.get().lease_until > timezone.now() + heartbeat.LEASE / 2
        )


def test_the_thread_ends_with_the_run_and_leaves_no_connection():
    with recording.recorded("command", {}) as handle:
        within(5, lambda: handle.heart.seen)
    assert "training-heartbeat" not in {thread.name for thread in threading.enumerate()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        assert cursor.fetchone() == (1,)
