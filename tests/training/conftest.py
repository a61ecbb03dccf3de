"""Labelled messages in small numbers, tiny encoders, and the really trained model."""

import json
import shutil

import pytest
from django.conf import settings as django_settings
from django.db import transaction

from classifier import registry
from tests.training import tiny
from training import pipeline
from training.config import PRESETS
from training.dataset import SEED_FILE


@pytest.fixture(scope="session")
def tiny_distilbert(tmp_path_factory):
    return tiny.distilbert(tmp_path_factory.mktemp("distilbert"))


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory):
    return tiny.bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture
def tiny_config(tiny_bert):
    """The default preset on a tiny encoder, for runs of a few seconds."""
    return PRESETS["default"].with_changes(base_model=str(tiny_bert), epochs=2)


@pytest.fixture
def few_messages(tmp_path):
    """A file of 120 shipped messages."""
    path = tmp_path / "few.jsonl"
    path.write_text("\n".join(SEED_FILE.read_text().splitlines()[:120]))
    return path


@pytest.fixture
def home(settings, tmp_path, models_dir):
    """Folders of the test's own for data sets and models."""
    settings.DATASETS_DIR = tmp_path / "datasets"
    return tmp_path


@pytest.fixture(scope="session")
def trained_folder(django_db_setup, django_db_blocker, tmp_path_factory):
    """The shipped messages and the default preset, trained once for the whole suite (minutes)."""
    root = tmp_path_factory.mktemp("trained")
    before = django_settings.MODELS_DIR, django_settings.DATASETS_DIR
    django_settings.MODELS_DIR, django_settings.DATASETS_DIR = root / "models", root / "datasets"
    try:
        with django_db_blocker.unblock(), transaction.atomic():
            run = pipeline.train(config=PRESETS["default"])
            name = run.model_version.name
            transaction.set_rollback(True)  # the folder stays, the rows are each test's own
    finally:
        django_settings.MODELS_DIR, django_settings.DATASETS_DIR = before
    return root / "models" / name


@pytest.fixture
def trained_model(trained_folder, models_dir, db):
    """The really trained model, registered and live in this test."""
    shutil.copytree(trained_folder, models_dir / trained_folder.name)
    version = registry.register(trained_folder.name)
    registry.activate(version)
    return version


@pytest.fixture
def card(trained_folder):
    return json.loads((trained_folder / "card.json").read_text())
