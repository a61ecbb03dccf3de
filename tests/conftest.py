"""Every test runs on real parts: the embedded Postgres (or `DATABASE_URL`), a real engine."""

import pytest

# What is made once for the whole suite, or has one of something: tests in need of the same share a
# process. The longest, which trains the shipped model, begins first.
TOGETHER = {"trained_folder": "trained", "tiny_folder": "tiny"}


def pytest_collection_modifyitems(items):
    for item in items:
        groups = [group for fixture, group in TOGETHER.items() if fixture in item.fixturenames]
        groups += ["redis"] if item.get_closest_marker("redis") else []
        if groups:
            item.add_marker(pytest.mark.xdist_group(groups[0]))
    items.sort(key=lambda item: "trained_folder" not in item.fixturenames)


@pytest.fixture
def models_dir(settings, tmp_path):
    """A `MODELS_DIR` of the test's own."""
    settings.MODELS_DIR = tmp_path / "models"
    settings.MODELS_DIR.mkdir()
    return settings.MODELS_DIR


@pytest.fixture(autouse=True)
def fresh_live_model():
    """No model of one test is served in the next; watchers run only where a test starts one."""
    from classifier import live

    live.reset()
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
