"""Trainings that are killed, or taken for lost: nothing is half done, and the next goes through."""

import signal
import subprocess
import sys

import pytest
from django.conf import settings as django_settings

from classifier import registry
from classifier.models import Activation, ModelVersion
from tests.beez import started
from tests.training import tiny
from training import pipeline
from training.models import TrainingRun
from training.runs import recording

State = TrainingRun.State

DEADLY = """
import os, signal, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")
import django
django.setup()
from django.core.management import call_command
from training import pipeline
{patched} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
call_command("train", *sys.argv[1:])
"""


@pytest.mark.django_db
@pytest.mark.parametrize("seen_at", ["export", "compare"])
def test_a_run_that_was_taken_for_lost_ends_without_a_version_that_is_live(
    home, few_messages, tiny_config, monkeypatch, seen_at
):
    def lose(*_, **__):
        TrainingRun.objects.update(state=State.FAILED, reason="taken for lost")
        return None, None

    def tell(step):
        if seen_at == "export" and "export" in step.get("step", ""):
            lose()

    if seen_at == "compare":
        monkeypatch.setattr(pipeline, "_compare", lose)
    config = tiny_config.with_changes(epochs=1, cross_fit_below=0)
    with pytest.raises(recording.LeaseLost):
        pipeline.train(config=config, paths=[few_messages], progress=tell)
    assert not Activation.objects.exists()
    assert TrainingRun.objects.get().reason == "taken for lost"
    registered = {version.name for version in ModelVersion.objects.all()}
    assert {path.name for path in (home / "models").iterdir()} == registered
    assert len(registered) == (seen_at == "compare")


@pytest.mark.django_db
def test_a_lease_lost_at_the_last_moment_takes_the_published_folder_back(
    home, few_messages, tiny_config, monkeypatch
):
    register = pipeline._register

    def lose(*arguments):
        TrainingRun.objects.update(state=State.FAILED, reason="taken for lost")
        assert len(list((home / "models").iterdir())) == 1
        return register(*arguments)

    monkeypatch.setattr(pipeline, "_register", lose)
    config = tiny_config.with_changes(epochs=1, cross_fit_below=0)
    with pytest.raises(recording.LeaseLost):
        pipeline.train(config=config, paths=[few_messages])
    assert list((home / "models").iterdir()) == []
    assert not ModelVersion.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(
    ("patched", "registered"),
    [
        ("pipeline.finetune._Trainer._batches", 0),
        ("pipeline.onnx_graph.export", 0),
        ("pipeline._compare", 1),
    ],
    ids=["in fine-tuning", "in export", "between registering and activating"],
)
def test_after_a_kill_the_next_training_goes_through(
    child_environment, few_messages, tiny_config, patched, registered
):
    options = [*tiny.quickly(tiny_config.base_model), "--set", "cross_fit_below=0"]
    script = DEADLY.format(patched=patched)
    killed = subprocess.run(
        [sys.executable, "-c", script, str(few_messages), *options],
        cwd=started.CHECKOUT,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert TrainingRun.objects.get().state == State.RUNNING
    assert ModelVersion.objects.count() == registered
    assert registry.live_version() is None
    config = tiny_config.with_changes(epochs=1, cross_fit_below=0)
    run = pipeline.train(
        config=config, paths=[few_messages], skip_unchanged=True, activation="if-not-worse"
    )
    assert (run.state, run.activated) == (State.SUCCEEDED, True)
    first = TrainingRun.objects.earliest("pk")
    assert (first.state, first.activated) == (State.FAILED, False)
    assert "without a word" in first.reason
    names = {version.name for version in ModelVersion.objects.all()}
    assert {path.name for path in django_settings.MODELS_DIR.iterdir()} == names
