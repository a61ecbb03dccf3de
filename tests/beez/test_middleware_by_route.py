"""What goes around every request, and what goes around the pages of people alone."""

import re

import pytest
from django.test import Client
from django.urls import get_resolver

from beez.staff.middleware import BELOW, PAGES

MESSAGE = {"message": "Any discount?"}
HTML = {"Accept": "text/html"}
FOR_PAGES = ("Content-Security-Policy", "Set-Cookie")


def classify(client, **headers):
    return client.post("/classify-message", MESSAGE, "application/json", headers=headers)


@pytest.fixture
def classified(client, keyword_model, bearer):
    return lambda **headers: classify(client, **bearer, **headers)


def vary(answer):
    return {name.strip().lower() for name in answer.get("Vary", "").split(",") if name}


def test_the_api_answers_without_what_is_for_pages(admin_client, keyword_model, bearer):
    answer = classify(admin_client, **bearer)
    assert answer.status_code == 200
    assert not answer.cookies
    assert "cookie" not in vary(answer)
    assert not [name for name in FOR_PAGES if name in answer]


def test_a_request_of_the_api_reads_no_session(
    admin_client, keyword_model, bearer, django_assert_num_queries
):
    classify(admin_client, **bearer)
    with django_assert_num_queries(0):
        assert classify(admin_client, **bearer).status_code == 200


def test_each_answer_of_the_api_is_safe_from_guessing_frames_and_leaks(classified):
    answer = classified()
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_each_answer_of_the_api_has_the_name_of_its_request(classified):
    assert re.fullmatch("[0-9a-f]{32}", classified()["X-Request-ID"])
    assert classified(**{"X-Request-ID": "order-4711"})["X-Request-ID"] == "order-4711"


@pytest.fixture
def https(settings):
    """What HTTPS=true sets."""
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 300
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    return Client


@pytest.mark.parametrize("path", ["/classify-message", "/conversations", "/", "/admin/", "/no"])
def test_plain_http_is_led_to_https_on_every_route(db, https, path):
    answer = https().get(path)
    assert (answer.status_code, answer["Location"]) == (301, f"https://testserver{path}")


@pytest.mark.parametrize("path", ["/classify-message", "/", "/admin/login/"])
def test_browsers_are_told_to_keep_to_https_on_every_route(db, https, path):
    assert https().get(path, secure=True)["Strict-Transport-Security"] == "max-age=300"


@pytest.mark.parametrize("path", ["/classify-message", "/conversations", "/", "/docs", "/admin/"])
def test_a_host_that_is_not_ours_is_refused_on_every_route(db, client, path):
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 400


def test_a_page_elsewhere_may_call_the_api_where_it_is_allowed(
    settings, client, keyword_model, bearer
):
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example"]
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    may = client.options("/classify-message", headers=asked)
    assert may["Access-Control-Allow-Origin"] == "https://shop.example"
    answer = classify(client, **bearer, Origin="https://shop.example")
    assert answer["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Access-Control-Allow-Origin" not in classify(
        client, **bearer, Origin="https://evil.example"
    )


@pytest.mark.parametrize("path", ["/", "/docs", "/admin/", "/admin/review/", "/admin/login/"])
def test_a_page_has_its_policy_and_is_in_no_frame(admin_client, keyword_model, path):
    answer = admin_client.get(path, headers=HTML)
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", ["/", "/admin/"])
def test_a_page_knows_who_is_signed_in_and_says_so_to_caches(admin_client, keyword_model, path):
    answer = admin_client.get(path, headers=HTML)
    assert answer.wsgi_request.user.username == "admin"
    assert "cookie" in vary(answer)


def test_a_form_without_its_token_is_refused(admin_user, keyword_model):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)
    for path in ("/", "/admin/beez/apikey/add/"):
        assert strict.post(path, {"text": "hello"}, headers=HTML).status_code == 403


def test_a_static_file_is_served(client):
    assert client.get("/static/beez/icon.svg").status_code == 200


def test_every_route_that_is_not_json_is_a_page():
    """A new page that is forgotten in `beez.staff.middleware` would know nobody."""
    for pattern in get_resolver().url_patterns:
        path = f"/{pattern.pattern}"
        view = getattr(pattern, "callback", None)
        renderers = getattr(getattr(view, "cls", None), "renderer_classes", None)
        json = renderers and all("html" not in one.media_type for one in renderers)
        page = path in PAGES or path.startswith(BELOW)
        assert page or json, path
