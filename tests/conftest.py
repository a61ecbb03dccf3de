"""Every test runs on real parts: the embedded Postgres (or `DATABASE_URL`), a real engine."""

import pytest


@pytest.fixture
def models_dir(settings, tmp_path):
    """A `MODELS_DIR` of the test's own."""
    settings.MODELS_DIR = tmp_path / "models"
    settings.MODELS_DIR.mkdir()
    return settings.MODELS_DIR
