"""Trainings in processes of their own."""

import os

import pytest
from django.conf import settings as django_settings
from django.db import connection


@pytest.fixture
def child_environment(home, monkeypatch):
    """What a child needs to reach the test's database and folders."""
    database = connection.settings_dict
    base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    monkeypatch.setenv("DATABASE_URL", f"{base}/{database['NAME']}")
    monkeypatch.setenv("MODELS_DIR", str(django_settings.MODELS_DIR))
    monkeypatch.setenv("DATASETS_DIR", str(django_settings.DATASETS_DIR))
