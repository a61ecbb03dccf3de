"""Every test runs on real parts: the embedded Postgres (or `DATABASE_URL`), a real engine."""

import os
import tempfile
from pathlib import Path

# Before Django reads its settings: a home of the suite's own, so that no test sees `var/`.
os.environ["BEEZ_HOME"] = os.environ.get("BEEZ_TEST_HOME") or str(
    Path(__file__).resolve().parent.parent / "var" / "tests"
)

from beez import local

local.prepare_environment()

import pytest  # noqa: E402 - after the environment


@pytest.fixture(scope="session")
def models_root():
    """Folder in which model folders of this test session are written."""
    with tempfile.TemporaryDirectory(prefix="beez-models-") as folder:
        yield Path(folder)


@pytest.fixture
def models_dir(models_root, settings, tmp_path):
    """A `MODELS_DIR` of the test's own."""
    settings.MODELS_DIR = tmp_path / "models"
    settings.MODELS_DIR.mkdir()
    return settings.MODELS_DIR
