import pytest
from django.test import Client

from beez import api_keys


@pytest.fixture
def shell(settings):
    """A client of the routes in tests/beez/views.py, which sees errors as a caller does."""
    settings.ROOT_URLCONF = "tests.beez.views"
    return Client(raise_request_exception=False)


@pytest.fixture
def key(db):
    return api_keys.create(name="shop", scopes=["classify"])[1]


@pytest.fixture
def bearer(key):
    return {"Authorization": f"Bearer {key}"}
