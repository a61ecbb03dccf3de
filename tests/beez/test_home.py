import re

import pytest
from django.db import OperationalError, connection

from classifier.models import Tag

pytestmark = pytest.mark.django_db
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_the_root_says_what_the_service_is(client, keyword_model):
    body = client.get("/").json()
    assert set(body) == {"service", "version", "endpoints", "tags", "model_loaded"}
    assert body["tags"] == [tag.name for tag in Tag.objects.all()]
    assert "POST /classify-message" in body["endpoints"]
    assert "DELETE /conversation/{conversation_id}" in body["endpoints"]


def test_the_root_lists_the_tags_that_the_live_model_gives(client, keyword_model):
    Tag.objects.create(name="Not-learnt-yet", stage=5, description="Nothing gives it.")
    assert "Not-learnt-yet" not in client.get("/").json()["tags"]


def test_a_browser_gets_a_page_with_a_curl_for_this_address(client):
    answer = client.get("/", headers=HTML | {"Host": "localhost:8123"})
    page = answer.content.decode()
    assert answer["Content-Type"].startswith("text/html")
    assert "curl http://localhost:8123/classify-message" in page
    assert all(tag.name in page for tag in Tag.objects.all())


def test_a_client_that_takes_anything_gets_json(client):
    assert client.get("/", headers={"Accept": "*/*"})["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_obeys_the_content_security_policy(client, path):
    answer = client.get(path, headers=HTML)
    page = answer.content.decode()
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert not re.search(r"<style|<script(?![^>]* src=)|\sstyle=|\son\w+=|javascript:", page)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_everything_that_a_page_loads_is_served_here(client, path):
    page = client.get(path, headers=HTML).content.decode()
    sources = re.findall(r'<(?:script|link|img)[^>]*? (?:src|href)="([^"]+)"', page)
    assert sources
    for source in sources:
        assert source.startswith("/")
        assert client.get(source.replace("&amp;", "&")).status_code == 200


def test_the_schema_offers_the_api_key(client):
    schema = client.get("/openapi.json").json()
    scheme = schema["components"]["securitySchemes"]["ApiKey"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    operation = schema["paths"]["/classify-message"]["post"]
    assert {"ApiKey": []} in operation["security"]
    assert operation["responses"]["default"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Error"
    }
    assert schema["paths"]["/health"]["get"].get("security", [{}]) == [{}]


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/docs", "/openapi.json"])
def test_an_error_of_these_routes_has_the_one_shape(client, path):
    answer = client.post(path, headers=HTML)
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "method_not_allowed"


def test_health_asks_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/health", headers={"Authorization": "Bearer wrong"})
    assert answer.json()["status"] == "healthy"
    assert answer.json()["model_loaded"] in (True, False)


def test_ready_names_the_model(client, keyword_model):
    answer = client.get("/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert client.get("/health").json()["model_loaded"] is True


def test_not_ready_without_a_model(client):
    answer = client.get("/ready")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_model")
    assert answer["Retry-After"]


def test_not_ready_without_a_database(client, monkeypatch):
    def gone(*_):
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", gone)
    answer = client.get("/ready")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")


def test_only_listed_origins_may_call_from_a_browser(client, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example"]
    preflight = {"Access-Control-Request-Method": "POST"}

    def allowed(origin):
        answer = client.options("/classify-message", headers=preflight | {"Origin": origin})
        return answer.get("Access-Control-Allow-Origin")

    assert allowed("https://shop.example") == "https://shop.example"
    assert allowed("https://evil.example") is None
