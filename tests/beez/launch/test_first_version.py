"""A newcomer is served by a quick first version, until the full training beside it has ended."""

import json
import re
import urllib.request

import pytest
from celery import current_app

from beez.launch import first_start, full_training
from classifier import registry
from tests import keyword_model as models_of_words
from tests.beez import started
from tests.training import tiny
from training.datasets.dataset import SEED_FILE
from training.models import TrainingRun
from training.runs import recording

State = TrainingRun.State


@pytest.fixture
def little(new_home):
    """Settings of trainings of seconds: few messages, and an encoder of two small layers."""
    messages = new_home / "few.jsonl"
    messages.write_text("\n".join(SEED_FILE.read_text().splitlines()[:90]))
    encoder = new_home / "encoder"
    encoder.mkdir()
    return {
        "TRAINING_FILES": str(messages),
        "BASE_MODEL": str(tiny.bert(encoder)),
        "TRAINING_CHANGES": "epochs=1;min_steps=0;cross_fit_below=0",
    }


def ask(beez, path, **headers):
    request = urllib.request.Request(beez.address + path, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_a_quick_version_answers_until_the_full_one_is_live_though_all_is_killed_between(
    new_home, up, little
):
    first = up(new_home, **little)
    first.wait_for(started.SERVED, 120)
    first.wait_for("A quick first version answers; the full training")
    assert ask(first, "/ready")["quick"] is True
    key = re.search(r"bz_[0-9a-f]{8}_[\w-]{43}", first.output)[0]
    live = ask(first, "/status", Authorization=f"Bearer {key}")["live"]
    assert live["quick"] is True
    started.kill_all(new_home)
    first.process.wait(10)

    again = up(new_home, **little)
    again.wait_for(started.SERVED)
    again.wait_for("The full training has ended: .* is live", 180)
    assert again.output.index("A quick first version answers") < again.output.index("has ended")
    again.wait_until_it_answers("/ready")
    assert again.press_ctrl_c() == 0
    assert again.left_running() == []


@pytest.fixture
def quick(keyword_model):
    """A quick version is live."""
    keyword_model.metrics = {"quick": {"messages": 60, "of": 60, "seconds": 20}}
    keyword_model.save()
    return keyword_model


@pytest.fixture
def told(monkeypatch):
    """What the worker is told."""
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_: sent.append(name))
    return sent


@pytest.fixture
def news(monkeypatch):
    """What the terminal gets to read each time that the ledger is asked."""
    monkeypatch.setattr(full_training, "POLL_SECONDS", 0)
    monkeypatch.setattr(full_training.connection, "close", lambda: None)  # it is the test's own
    give = full_training.News()
    return lambda: list(give())


def test_a_start_asks_once_for_the_full_training_and_tells_the_worker_each_time(quick, told, news):
    for _ in range(2):
        assert first_start.model() is True
    assert TrainingRun.objects.get().state == State.ASKED
    assert told == ["training.tasks.take_up"] * 2
    assert "the full training begins beside it" in news()[0]
    assert news() == []


def test_one_that_has_failed_is_told_and_not_begun_again_unasked(quick, told, news):
    asked = recording.ask(asked_by="make run")
    recording.drop(asked.pk, State.FAILED, "cannot read every file:\n  gone.jsonl: No such file")
    assert first_start.model() is True
    assert told == []
    assert TrainingRun.objects.count() == 1
    assert news() == [
        "The full training failed: cannot read every file: gone.jsonl: No such file. The quick "
        "first version keywords-1 goes on answering.",
        f"Put that right and train again: make train. Training runs, run {asked.pk}, says more.",
    ]
    assert news() == []


def test_the_terminal_says_when_the_full_version_is_live_and_then_nothing_more(
    quick, told, news, models_dir
):
    first_start.model()
    news()
    models_of_words.build(models_dir, "full", words=models_of_words.SHIPPED_TAGS)
    registry.activate(registry.register("full"))
    assert news() == ["The full training has ended: full is live and answers from now on."]
    registry.rollback()
    assert news() == []


def test_with_a_full_version_the_terminal_says_nothing_and_nothing_is_asked_for(
    keyword_model, told, news
):
    assert first_start.model() is True
    assert (news(), told, TrainingRun.objects.count()) == ([], [], 0)
