"""The tasks train in a spawned child, which has a database connection of its own."""

import os

import pytest
from django.utils import timezone

from tests.training import tiny
from training import tasks
from training.models import TrainingRun
from training.runs import child, nights
from training.runs.nights import Night

NOW = timezone.now()
State = TrainingRun.State
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_the_task_trains_in_a_child_process(child_environment, few_messages, tiny_config):
    status = tasks.train_model([str(few_messages)], tiny.quickly(tiny_config.base_model))
    run = TrainingRun.objects.get()
    assert (status, run.state, run.trigger) == (0, State.SUCCEEDED, "task")
    assert not run.worker.endswith(f":{os.getpid()}")


def test_an_error_in_the_child_stands_on_the_row(child_environment, tmp_path):
    missing = tmp_path / "missing.jsonl"
    assert tasks.train_model([str(missing)]) != 0
    run = TrainingRun.objects.get()
    assert run.state == State.FAILED
    assert "missing.jsonl" in run.reason


def test_a_child_that_cannot_even_start_leaves_a_failed_row(child_environment):
    assert tasks.train_model(arguments=["--no-such-option"]) != 0
    run = TrainingRun.objects.get()
    assert run.state == State.FAILED
    assert "--no-such-option" in run.reason


def test_a_killed_child_leaves_a_failed_row(child_environment, few_messages, monkeypatch):
    script = few_messages.with_name("manage.py")
    script.write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    monkeypatch.setattr(child.settings, "BASE_DIR", script.parent)
    monkeypatch.setattr(nights, "last", lambda _: Night(at=NOW, until=NOW, state="due"))
    assert tasks.take_up() is True
    run = TrainingRun.objects.get()
    assert (run.state, run.trigger) == (State.FAILED, "schedule")
    assert "killed by signal 9" in run.reason


def test_the_task_prepares_the_data_set(home, few_messages):
    digest = tasks.prepare_dataset([str(few_messages)])
    assert len(digest) == 64
