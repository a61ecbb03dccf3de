"""`GET /models` and `GET /models/live`: the registry and its ledger for other systems."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from beez.api import keys
from classifier import registry
from classifier.models import Activation, ModelVersion
from tests import keyword_model as keywords


@pytest.fixture
def make(db, models_dir):
    def make(name):
        keywords.build(models_dir, name, words={"Hot-buyer": ["buy"]})
        return registry.register(name)

    return make


def at(day, hour=12):
    return datetime(2026, 1, day, hour, tzinfo=UTC)


@pytest.fixture
def ledger(make):
    """a is live from the 10th, b from the 20th, and on the 25th a rollback makes it a again."""
    for name, day in (("a", 10), ("b", 20)):
        live_since(registry.activate(make(name), reason=f"{name} is better", actor="ada"), day)
    live_since(registry.rollback(reason="complaints", actor="bob"), 25)


def live_since(activation, day):
    Activation.objects.filter(pk=activation.pk).update(created_at=at(day))


def test_the_versions_come_newest_first_with_what_became_of_them(api_client, ledger):
    newer, older = api_client.get("/models").json()["models"]
    assert (newer["name"], newer["live"], older["name"], older["live"]) == ("b", False, "a", True)
    assert (older["tags"], older["micro_f1"], older["pruned_at"]) == (["Hot-buyer"], 0.875, None)
    assert older["activations"] == [
        {"at": at(25).isoformat(), "actor": "bob", "reason": "complaints", "rollback": True},
        {"at": at(10).isoformat(), "actor": "ada", "reason": "a is better", "rollback": False},
    ]


def test_a_pruned_version_is_listed_as_such(api_client, make):
    make("a")
    ModelVersion.objects.update(pruned_at=at(30))
    (version,) = api_client.get("/models").json()["models"]
    assert version["pruned_at"] == at(30).isoformat()


def test_pages_go_on_where_the_last_one_ended_though_a_version_was_added(api_client, make):
    for name in "abcde":
        make(name)
    page = api_client.get("/models?limit=2").json()
    names = [version["name"] for version in page["models"]]
    make("f")
    while page["next"]:
        page = api_client.get(f"/models?limit=2&cursor={page['next']}").json()
        names += [version["name"] for version in page["models"]]
    assert names == ["e", "d", "c", "b", "a"]


def test_without_versions_the_list_is_empty(api_client):
    assert api_client.get("/models").json() == {"models": [], "next": None}


def test_a_page_takes_the_same_few_queries_however_many_versions(
    api_client, make, django_assert_max_num_queries
):
    for name in "abc":
        registry.activate(make(name))
    with django_assert_max_num_queries(5):
        api_client.get("/models")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (at(10).isoformat(), ("a", "ada", at(20).isoformat())),
        ("2026-01-19T23:00:00Z", ("a", "ada", at(20).isoformat())),
        ("2026-01-20", ("b", "ada", at(25).isoformat())),
        ("2026-01-20T14:30:00+01:00", ("b", "ada", at(25).isoformat())),
        ("2026-02-01T00:00:00Z", ("a", "bob", None)),
    ],
)
def test_what_was_live_at_a_moment_since_when_by_whom_and_why(api_client, ledger, moment, expected):
    found = api_client.get(f"/models/live?at={quote(moment)}").json()
    assert (found["name"], found["actor"], found["until"]) == expected
    assert found["reason"]


def test_without_a_moment_it_is_now(api_client, ledger):
    found = api_client.get("/models/live").json()
    assert found == {
        "name": "a",
        "at": at(25).isoformat(),
        "until": None,
        "actor": "bob",
        "reason": "complaints",
        "rollback": True,
    }


def test_before_the_first_activation_nothing_was_live(api_client, ledger):
    answer = api_client.get("/models/live?at=2026-01-09")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith("No model was live at 2026-01-09T23:59:59")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("/models?limit=0", "limit"),
        ("/models?cursor=x", "cursor"),
        ("/models?cursor=99999999999999999999", "cursor"),
        ("/models?cursor=9999999999999999999", "cursor"),
        ("/models?page=2", "page"),
        ("/models/live?at=yesterday", "at"),
        ("/models/live?when=2026-01-01", "when"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_by_name(api_client, query, field):
    answer = api_client.get(query)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


@pytest.mark.parametrize("route", ["/models", "/models/live"])
def test_a_key_without_the_scope_may_not_look(db, route):
    _, key = keys.create(name="shop", scopes=["classify"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert client.get(route).status_code == 403


def test_the_schema_shows_both_with_an_example(api_client):
    paths = api_client.get("/openapi.json?format=json").json()["paths"]
    for route, sample in (("/models", "micro_f1"), ("/models/live", "until")):
        answer = paths[route]["get"]["responses"]["200"]["content"]["application/json"]
        assert sample in str(answer["examples"])
