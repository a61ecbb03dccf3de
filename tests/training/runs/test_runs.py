import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from training.models import TrainingRun
from training.runs import recording
from training.runs.worker import Worker

State = TrainingRun.State


@pytest.fixture
def dead_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.django_db
def test_a_run_that_ends_well_is_recorded_as_succeeded():
    with recording.recorded("command", {"seed": 1}) as handle:
        handle.report({"step": "x"}, now=True)
    run = TrainingRun.objects.get()
    assert (run.state, run.progress["step"], run.config) == (State.SUCCEEDED, "x", {"seed": 1})
    assert run.finished_at is not None


@pytest.mark.django_db
def test_an_error_is_recorded_and_raised():
    with pytest.raises(ValueError, match="no data"), recording.recorded("command", {}):
        raise ValueError("no data")
    run = TrainingRun.objects.get()
    assert (run.state, run.reason) == (State.FAILED, "no data")


@pytest.mark.django_db
def test_an_interruption_is_recorded():
    with pytest.raises(KeyboardInterrupt), recording.recorded("command", {}):
        raise KeyboardInterrupt
    assert TrainingRun.objects.get().reason == "Interrupted."


@pytest.mark.django_db
def test_a_skipped_run_keeps_its_reason():
    with recording.recorded("schedule", {}):
        raise recording.Skipped("nothing new")
    run = TrainingRun.objects.get()
    assert (run.state, run.reason) == (State.SKIPPED, "nothing new")


@pytest.mark.django_db
def test_nights_that_find_the_same_are_one_row_that_counts_them():
    def night(reason):
        with recording.recorded("schedule", {}) as handle:
            raise recording.Skipped(reason)
        return handle.run

    rows = [night(reason) for reason in ("nothing new", "nothing new", "2 of 50", "nothing new")]
    assert rows[0] == rows[1]
    found = TrainingRun.objects.order_by("pk").values_list("reason", "times")
    assert list(found) == [("nothing new", 2), ("2 of 50", 1), ("nothing new", 1)]
    rows[0].refresh_from_db()
    assert rows[0].finished_at > rows[0].started_at


@pytest.mark.django_db
def test_a_second_training_is_refused_while_one_runs():
    with (
        recording.recorded("command", {}),
        pytest.raises(recording.AlreadyRunning, match="under way"),
        recording.recorded("schedule", {}),
    ):
        pytest.fail("two trainings at once")
    assert TrainingRun.objects.count() == 1


@pytest.mark.django_db
def test_the_run_of_a_dead_process_does_not_block_the_next(dead_pid):
    with recording.recorded("command", {}) as handle:
        handle.update(identity=Worker.of(dead_pid).as_dict())
        with recording.recorded("command", {}):
            pass
        handle.run.refresh_from_db()
        assert handle.run.state == State.FAILED
        assert "without a word" in handle.run.reason
        TrainingRun.objects.filter(pk=handle.run.pk).update(state=State.RUNNING)


@pytest.mark.django_db
def test_a_process_with_the_same_number_is_another_one():
    """The run of a process long gone, whose number this living process has been given."""
    with recording.recorded("command", {}) as handle:
        handle.update(identity=Worker.of().as_dict() | {"started": "1"})
        with recording.recorded("command", {}):
            pass
        TrainingRun.objects.filter(pk=handle.run.pk).update(state=State.RUNNING)


@pytest.mark.django_db
def test_a_container_that_was_renamed_is_the_same_one(monkeypatch):
    with recording.recorded("command", {}):
        monkeypatch.setattr("socket.gethostname", lambda: "renamed")
        with pytest.raises(recording.AlreadyRunning), recording.recorded("command", {}):
            pass


@pytest.mark.django_db
def test_a_run_that_cannot_be_seen_from_here_is_lost_when_its_lease_has_run_out(dead_pid):
    with recording.recorded("command", {}) as handle:
        handle.update(identity=Worker.of().as_dict() | {"machine": "elsewhere", "pid": dead_pid})
        with pytest.raises(recording.AlreadyRunning), recording.recorded("command", {}):
            pass
        handle.update(lease_until=timezone.now() - timedelta(seconds=1))
        with recording.recorded("command", {}):
            pass
        TrainingRun.objects.filter(pk=handle.run.pk).update(state=State.RUNNING)


@pytest.mark.django_db
def test_a_run_that_was_taken_for_lost_stops_at_its_next_report():
    with pytest.raises(recording.LeaseLost), recording.recorded("command", {}) as handle:
        TrainingRun.objects.update(state=State.FAILED, reason="lost")
        handle.report({"step": "x"}, now=True)
    assert TrainingRun.objects.get().reason == "lost"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_eight_that_start_at_once_one_trains():
    started, refused = [], []
    together, over = threading.Barrier(8), threading.Event()

    def start():
        together.wait()
        try:
            with recording.recorded("schedule", {}):
                started.append(1)
                over.wait(10)
        except recording.AlreadyRunning:
            refused.append(1)
            if len(refused) == 7:
                over.set()
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(started), len(refused)) == (1, 7)
