import pytest
from rest_framework.test import APIClient

from beez.api import keys


@pytest.fixture(autouse=True)
def nobody_is_told(monkeypatch):
    """No task is sent: whoever works does so because the test says so."""
    monkeypatch.setattr("classifier.bulk.jobs_kicking.kick", lambda workers=8: None)


@pytest.fixture
def client_of():
    """A caller with a new key of some scopes, and the key's row beside it."""

    def new(*scopes):
        row, key = keys.create(name="shop", scopes=scopes or ["classify"])
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        client.key = row
        return client

    return new


@pytest.fixture
def shop(db, client_of):
    return client_of()
