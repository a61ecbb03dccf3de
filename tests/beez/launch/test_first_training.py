"""The process that imports what trains while Beez makes a database and its tables."""

import json
import os
import signal
import subprocess
import sys

import pytest

from beez import env
from beez.launch import first_start, first_training
from classifier import registry


def ahead(order: str, environment=os.environ) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "training.ahead"],
        check=False, input=order, capture_output=True, cwd=env.BASE_DIR, env=environment,
        timeout=60, text=True,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def none_left():
    yield
    for training in first_training._begun:
        training.process.kill()
        training.process.wait()
    first_training._begun.clear()


def test_whoever_is_never_told_to_train_ends_without_a_word():
    ended = ahead("")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_it_goes_on_with_the_arguments_and_the_environment_of_the_one_that_began_it(
    capfd, monkeypatch
):
    first_training.begin()
    monkeypatch.setenv("TRAINING_CHANGES", "epochs=none")  # set since
    training = first_training.go("train")
    assert training.process.wait(60) == 1
    assert "--set, or TRAINING_CHANGES: epochs" in capfd.readouterr().err


def test_without_the_packages_it_says_what_is_missing(tmp_path):
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(name='torch')")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    order = json.dumps({"environment": environment, "arguments": ["train"]})
    ended = ahead(order, environment)
    assert ended.returncode == 1
    assert ended.stderr == (
        "✗ This installation serves only: torch, which training needs, is not installed. Use the "
        "training image, or install requirements.lock.\n"
    )


@pytest.mark.django_db
def test_one_that_was_killed_while_it_waited_is_a_training_that_failed(models_dir):
    first_training.begin()
    first_training._begun[0].process.send_signal(signal.SIGKILL)
    first_training._begun[0].process.wait()
    with pytest.raises(first_start.StartError, match="The training failed"):
        first_start.model()
    assert registry.live_version() is None
