"""Each conversation route needs its own scope, and only that."""

import pytest
from rest_framework.test import APIClient

from beez.api import keys
from beez.api.models import ApiKey

ROUTES = [
    ("post", "/classify-conversation", "classify"),
    ("get", "/conversations", "read"),
    ("get", "/conversation/shoes", "read"),
    ("post", "/conversation/shoes/messages/1/correction", "correct"),
    ("delete", "/conversation/shoes", "erase"),
]
BODIES = {"classify": {"conversation_id": "shoes", "message": "hi"}, "correct": {"tags": []}}


def client_with(*scopes):
    _, key = keys.create(name="one", scopes=list(scopes))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


@pytest.mark.parametrize(("method", "url", "scope"), ROUTES)
def test_the_scope_of_the_route_suffices(worked_example, method, url, scope):
    call = getattr(client_with(scope), method)
    assert call(url, BODIES.get(scope), format="json").status_code == 200


@pytest.mark.parametrize(("method", "url", "scope"), ROUTES)
def test_all_other_scopes_do_not(worked_example, method, url, scope):
    others = {*ApiKey.Scope.values} - {scope}
    call = getattr(client_with(*others), method)
    assert call(url, BODIES.get(scope), format="json").status_code == 403


@pytest.mark.parametrize(("method", "url", "scope"), ROUTES)
def test_no_key_does_not(worked_example, method, url, scope):
    call = getattr(APIClient(), method)
    assert call(url, BODIES.get(scope), format="json").status_code == 401
