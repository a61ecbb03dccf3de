import os

import pytest
from django.test import Client

from beez.api import keys


@pytest.fixture
def shell(settings):
    """A client of the routes in tests/beez/views.py, which sees errors as a caller does."""
    settings.ROOT_URLCONF = "tests.beez.views"
    return Client(raise_request_exception=False)


@pytest.fixture
def key(db):
    return keys.create(name="shop", scopes=["classify"])[1]


@pytest.fixture
def bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def redis_url():
    """A real Redis. Without REDIS_URL the test is skipped, or fails where CI demands it."""
    if url := os.environ.get("REDIS_URL"):
        return url
    if os.environ.get("BEEZ_REQUIRE_REDIS"):
        pytest.fail("REDIS_URL is not set, and BEEZ_REQUIRE_REDIS is.")
    pytest.skip("REDIS_URL is not set")
