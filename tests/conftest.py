"""Every test runs on real parts: the embedded Postgres (or `DATABASE_URL`), a real engine."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import settings as hypothesis_settings

# The same cases in every run, and no limit of time for one: these machines are shared.
hypothesis_settings.register_profile("beez", derandomize=True, deadline=None)
hypothesis_settings.load_profile("beez")


@pytest.fixture
def models_dir(settings, tmp_path):
    """A `MODELS_DIR` of the test's own."""
    settings.MODELS_DIR = tmp_path / "models"
    settings.MODELS_DIR.mkdir()
    return settings.MODELS_DIR


@pytest.fixture(autouse=True)
def fresh_live_model():
    """No model of one test is served in the next; watchers run only where a test starts one."""
    from classifier import live, tags

    live.reset()
    tags.forget_labels()
    yield
    live.reset()


@pytest.fixture
def keyword_model(db, models_dir):
    """A registered, active and loaded model of the five tags, see `tests.keyword_model`."""
    from classifier import live, registry
    from tests import keyword_model

    keyword_model.build(models_dir, "keywords-1", words=keyword_model.SHIPPED_TAGS)
    version = registry.register("keywords-1")
    registry.activate(version)
    live.refresh()
    return version


@pytest.fixture
def api_client(db):
    """A client with a key of every scope."""
    from rest_framework.test import APIClient

    from beez.api import keys
    from beez.api.models import ApiKey

    _, key = keys.create(name="tests", scopes=ApiKey.Scope.values)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


@pytest.fixture(autouse=True)
def nothing_counted():
    """No figure of the status that one test has counted is told in the next."""
    from beez.status import bounded

    bounded.forget()


@pytest.fixture
def small_disk():
    """A file system of its own with two megabytes."""
    folder = Path(mkdtemp(prefix="full-", dir=os.environ["BEEZ_HOME"]))
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
            pytest.skip("may mount nothing here")
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
    finally:
        folder.rmdir()
