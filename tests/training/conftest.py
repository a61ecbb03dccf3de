"""Labelled messages in small numbers, tiny encoders, and the really trained model."""

import json
import shutil
from contextlib import contextmanager

import pytest
import torch
from django.conf import settings as django_settings
from django.db import transaction
from django.utils import timezone

from classifier import registry
from tests.training import tiny
from training import pipeline
from training.datasets import dataset
from training.datasets.dataset import SEED_FILE
from training.learning.config import PRESETS
from training.models import TrainingRun
from training.runs import due


@pytest.fixture(autouse=True)
def same_luck():
    """What a test draws from torch is the same in every run, and in whatever order they run."""
    torch.manual_seed(tiny.SEED)


@pytest.fixture(scope="session")
def tiny_distilbert(tmp_path_factory):
    return tiny.distilbert(tmp_path_factory.mktemp("distilbert"))


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory):
    return tiny.bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def tiny_xlm_roberta(tmp_path_factory):
    return tiny.xlm_roberta(tmp_path_factory.mktemp("xlm-roberta"))


@pytest.fixture(scope="session")
def tiny_config(tiny_bert):
    """The default preset on a tiny encoder, for runs of a few seconds."""
    return PRESETS["default"].with_changes(base_model=str(tiny_bert), epochs=2, min_steps=0)


@pytest.fixture(scope="session")
def few_messages(tmp_path_factory):
    """A file of 120 shipped messages."""
    path = tmp_path_factory.mktemp("messages") / "few.jsonl"
    path.write_text("\n".join(SEED_FILE.read_text().splitlines()[:120]))
    return path


@pytest.fixture
def home(settings, tmp_path, models_dir):
    """Folders of the test's own for data sets and models."""
    settings.DATASETS_DIR = tmp_path / "datasets"
    return tmp_path


@contextmanager
def _rows_forgotten(root):
    """Run the pipeline for its folder alone: the rows are rolled back."""
    before = django_settings.MODELS_DIR, django_settings.DATASETS_DIR
    django_settings.MODELS_DIR, django_settings.DATASETS_DIR = root / "models", root / "datasets"
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        django_settings.MODELS_DIR, django_settings.DATASETS_DIR = before


def _train(root, blocker, **arguments):
    with blocker.unblock(), _rows_forgotten(root):
        run = pipeline.train(**arguments)
        return root / "models" / run.model_version.name


@pytest.fixture(scope="session")
def tiny_folder(django_db_setup, django_db_blocker, tmp_path_factory, few_messages, tiny_config):
    """The model folder of a tiny encoder, really trained on the few messages."""
    root = tmp_path_factory.mktemp("tiny")
    return _train(root, django_db_blocker, config=tiny_config, paths=[few_messages])


@pytest.fixture(scope="session")
def trained_folder(django_db_setup, django_db_blocker, tmp_path_factory):
    """The shipped messages and the default preset, trained once for the whole suite (minutes)."""
    root = tmp_path_factory.mktemp("trained")
    return _train(root, django_db_blocker, config=PRESETS["default"])


@pytest.fixture
def go_live(home, db):
    """A function that registers and activates a copy of a model folder in this test."""

    def go(folder):
        shutil.copytree(folder, home / "models" / folder.name)
        version = registry.register(folder.name)
        registry.activate(version)
        return version

    return go


@pytest.fixture
def trained_before(go_live, tiny_folder, few_messages, tiny_config):
    """The run that made the tiny model live, with its data set."""
    return TrainingRun.objects.create(
        state=TrainingRun.State.SUCCEEDED,
        trigger="command",
        config=tiny_config.as_dict(),
        shape=due.shape(tiny_config, [few_messages]),
        reviews_up_to=0,
        dataset=dataset.prepare([few_messages]),
        model_version=go_live(tiny_folder),
        lease_until=timezone.now(),
    )


@pytest.fixture
def card(trained_folder):
    return json.loads((trained_folder / "card.json").read_text())
