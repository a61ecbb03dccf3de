"""`GET /status`."""

import pytest
from rest_framework.test import APIClient

from beez.api import keys
from beez.status.models import Heartbeat
from tests.conversations.conftest import HOT

pytestmark = pytest.mark.django_db


def test_tells_the_facts_as_json(reviewed, api_client):
    reviewed("I want to buy it", HOT)
    body = api_client.get("/status").json()
    assert body["live"]["model_version"] == "keywords-1"
    assert body["days"][-1]["messages"] == 1
    assert body["days"][-1]["tags"] == {HOT: 1}
    assert body["waiting"] == {"unsure": 0, "drawn": 0, "counted_up_to": 1000}
    hot = next(one for one in body["agreement"]["tags"] if one["tag"] == HOT)
    assert hot["given"] == {"agreed": 1, "of": 1, "low": 0.2065, "high": 1.0}
    assert body["learning"]["needed"] > 0
    assert body["ok"] is False  # nobody has seen a worker
    worker = next(one for one in body["checks"] if one["about"] == "worker")
    assert worker["state"] == "broken" and worker["advice"]


def test_without_data_and_without_a_model_it_answers_too(api_client):
    response = api_client.get("/status")
    assert response.status_code == 200
    assert response.json()["live"] is None
    assert len(response.json()["days"]) == 14


def test_the_answer_is_what_the_schema_describes(api_client, client):
    schema = client.get("/openapi.json").json()
    described = schema["paths"]["/status"]["get"]["responses"]["200"]["content"]["application/json"]
    names = schema["components"]["schemas"]["StatusResponse"]["properties"]
    answered = api_client.get("/status").json()
    assert set(names) == set(answered)
    assert set(described["examples"]["AllIsWell"]["value"]) == set(answered)


@pytest.mark.parametrize(("scope", "status"), [("read", 200), ("classify", 403)])
def test_needs_the_scope_read(scope, status):
    _, key = keys.create(name="shop", scopes=[scope])
    client = APIClient()
    assert client.get("/status").status_code == 401
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert client.get("/status").status_code == status


def test_an_unknown_query_parameter_is_refused(api_client):
    assert api_client.get("/status?days=3").status_code == 400


def test_a_part_that_cannot_be_read_is_null_and_the_rest_is_told(api_client, monkeypatch):
    from django.db import OperationalError

    from beez.status import traffic

    def slow():
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(traffic, "days", slow)
    Heartbeat.objects.all().delete()
    body = api_client.get("/status").json()
    assert body["days"] is None
    assert body["waiting"] is not None
