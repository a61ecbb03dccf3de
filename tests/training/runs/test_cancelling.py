import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import psutil
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from training.models import TrainingRun
from training.runs import cancelling, child, recording
from training.runs.worker import Worker

State = TrainingRun.State
real_transactions = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def within(seconds, condition):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


@pytest.fixture
def start(child_environment, few_messages, tiny_config):
    """A training of many epochs by a task; returns its thread, whose `status` is set at the end."""

    def start():
        def work():
            try:
                thread.status = child.train(*arguments, trigger="task")
            finally:
                connection.close()

        changes = ("epochs=900", "min_steps=0", "patience=900", "cross_fit_below=0")
        options = [part for change in changes for part in ("--set", change)]
        arguments = (str(few_messages), "--base-model", tiny_config.base_model, *options)
        thread = threading.Thread(target=work)
        thread.start()
        within(120, lambda: TrainingRun.objects.filter(progress__batch__gt=0).first())
        return thread

    yield start
    child.stop_all()


def folders():
    return list(django_settings.MODELS_DIR.iterdir())


@real_transactions
def test_a_cancelled_training_stops_within_seconds_and_leaves_nothing(start):
    training = start()
    assert cancelling.request(TrainingRun.objects.get(), actor="anna")
    asked = time.monotonic()
    training.join(60)
    run = TrainingRun.objects.get()
    assert (run.state, run.reason, run.model_version) == (
        State.CANCELLED,
        "Cancelled by anna.",
        None,
    )
    assert run.finished_at - run.cancel_requested_at < timedelta(seconds=10)
    assert time.monotonic() - asked < 20
    assert training.status == 1
    assert folders() == []


@real_transactions
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_training_in_order(start, number):
    training = start()
    psutil.Process(TrainingRun.objects.get().identity["pid"]).send_signal(number)
    training.join(60)
    run = TrainingRun.objects.get()
    assert (run.state, run.reason) == (State.CANCELLED, f"Interrupted by {number.name}.")
    assert training.status == 128 + number
    assert folders() == []


@real_transactions
def test_a_worker_that_ends_takes_its_training_along(start):
    training = start()
    child.stop_all()
    training.join(60)
    assert TrainingRun.objects.get().state == State.CANCELLED


@real_transactions
def test_a_training_that_does_not_react_is_ended_by_the_process_that_waits_for_it(
    child_environment, tmp_path, monkeypatch
):
    script = tmp_path / "manage.py"
    script.write_text(
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True)\n"
        "time.sleep(300)\n"
    )
    monkeypatch.setattr(child.settings, "BASE_DIR", tmp_path)
    monkeypatch.setattr(child, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(child, "GRACE", timedelta(seconds=0.5))
    monkeypatch.setattr(child, "LAST_GRACE_SECONDS", 0.5)
    statuses = []

    def work():
        try:
            statuses.append(child.train(trigger="task"))
        finally:
            connection.close()

    waiting = threading.Thread(target=work)
    waiting.start()
    (deaf,) = within(20, lambda: list(child._running))
    run = running(Worker.of(deaf.pid))
    time.sleep(1)
    assert deaf.poll() is None
    cancelling.request(run, actor="anna")
    waiting.join(20)
    run.refresh_from_db()
    assert statuses == [-signal.SIGKILL]
    assert run.state == State.CANCELLED
    assert run.reason.startswith("Cancelled by anna. The training process was killed by signal 9.")


def running(worker, **values):
    return TrainingRun.objects.create(
        trigger="task",
        worker=worker.name,
        identity=worker.as_dict(),
        lease_until=timezone.now() + timedelta(minutes=5),
        **values,
    )


@pytest.mark.django_db
def test_cancelling_the_run_of_a_dead_process_ends_it_at_once():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = running(Worker.of(process.pid))
    process.communicate()
    assert cancelling.request(run, actor="anna")
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert run.reason.startswith("Cancelled by anna.")


@pytest.mark.django_db
def test_what_is_over_cannot_be_cancelled_and_the_first_to_ask_counts():
    run = running(Worker.of())
    assert cancelling.request(run, actor="anna")
    assert cancelling.request(run, actor="bert")
    run.refresh_from_db()
    assert run.cancel_requested_by == "anna"
    TrainingRun.objects.update(state=State.SUCCEEDED)
    assert not cancelling.request(run, actor="anna")


@pytest.mark.django_db
def test_a_cancelled_run_commits_nothing_and_ends_as_cancelled():
    done = []
    with recording.recorded("command", {}) as handle:
        cancelling.request(handle.run, actor="anna")
        handle.commit(lambda: done.append(1))
    assert done == []
    run = TrainingRun.objects.get()
    assert (run.state, run.reason) == (State.CANCELLED, "Cancelled by anna.")
