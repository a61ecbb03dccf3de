"""How long staff stay logged in, and what ends it."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from beez.staff import sessions

pytestmark = pytest.mark.django_db
HOUR = 3600.0


@pytest.fixture
def anna():
    return User.objects.create_superuser("anna", password="correct horse battery staple")


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1_000_000.0

        def time(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(sessions, "time", clock)
    return clock


@pytest.fixture
def browser(client, anna, clock):
    client.force_login(anna)
    return client


def is_in(browser):
    return browser.get("/admin/password_change/").status_code == 200


def test_who_opens_no_page_for_long_is_logged_out(browser, clock, settings):
    clock.now += settings.SESSION_IDLE_MINUTES * 60 - 1
    assert is_in(browser)
    clock.now += settings.SESSION_IDLE_MINUTES * 60 + 1
    assert not is_in(browser)


def test_who_is_busy_stays_but_not_for_ever(browser, clock, settings):
    began = clock.now
    while clock.now - began < settings.SESSION_HOURS * HOUR - 6 * HOUR:
        clock.now += 6 * HOUR
        assert is_in(browser)
    clock.now += 6 * HOUR + 1
    assert not is_in(browser)


def test_a_page_soon_after_another_writes_no_session(browser, clock, django_assert_num_queries):
    assert is_in(browser)
    clock.now += 60
    with django_assert_num_queries(2):  # the session and the person
        assert is_in(browser)


def test_a_session_of_a_version_before_ends(browser):
    session = browser.session
    del session[sessions.BEGAN]
    session.save()
    assert not is_in(browser)


def test_a_changed_password_logs_out_everywhere_else(browser, anna):
    elsewhere = Client()
    elsewhere.force_login(anna)
    anna.set_password("another horse battery staple")
    anna.save()
    assert not is_in(browser) and not is_in(elsewhere)


def test_the_cookie_of_a_session_is_kept_from_scripts_and_other_sites(browser, clock, settings):
    clock.now += HOUR
    assert is_in(browser)  # and has a new cookie
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert int(cookie["max-age"]) == settings.SESSION_IDLE_MINUTES * 60


def test_a_probe_from_a_browser_asks_no_database(browser, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert browser.get("/health").status_code == 200
