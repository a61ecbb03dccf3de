"""The log-in of staff under attack, and what the log tells of it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.test import Client

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"
LOGIN = "/admin/login/?next=/admin/"


class Quick(PBKDF2PasswordHasher):
    iterations = 1


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.Quick"]
    settings.REDIS_URL = ""


@pytest.fixture
def anna():
    return User.objects.create_user("anna", password=PASSWORD, is_staff=True, is_superuser=True)


def log_in(password=PASSWORD, *, name="anna", address="192.0.2.1", path=LOGIN):
    body = {"username": name, "password": password}
    return Client().post(path, body, REMOTE_ADDR=address)


def statuses(count, *arguments, **options):
    return [log_in(*arguments, **options).status_code for _ in range(count)]


def lines(caplog):
    return [line.getMessage() for line in caplog.records if line.name.startswith("beez.staff")]


def test_who_fails_too_often_is_locked_out_with_a_page_that_says_so(anna):
    assert statuses(4, "wrong") == [200] * 4
    locked = log_in("wrong")
    assert locked.status_code == 429
    assert "failed too often" in locked.content.decode()
    assert int(locked["Retry-After"]) >= 15 * 60
    assert statuses(1) == [429]  # with the right password


def test_another_address_and_another_account_are_not_locked(anna):
    User.objects.create_user("ben", password=PASSWORD, is_staff=True)
    statuses(5, "wrong")
    assert statuses(1, address="192.0.2.2") == [302]
    assert statuses(1, name="ben") == [302]


def test_the_lock_ends_by_itself_however_often_it_is_tried_meanwhile(anna, settings):
    statuses(7, "wrong")
    before = timedelta(minutes=settings.LOGIN_LOCK_MINUTES, seconds=1)
    for attempt in AccessAttempt.objects.all():
        AccessAttempt.objects.update(attempt_time=attempt.attempt_time - before)
    assert statuses(1) == [302]


@pytest.mark.parametrize(
    "command", [("axes_reset_username", "anna"), ("axes_reset_ip", "192.0.2.1"), ("axes_reset",)]
)
def test_a_command_unlocks(anna, command):
    statuses(5, "wrong")
    call_command(*command)
    assert statuses(1) == [302]


def test_success_forgets_earlier_failures(anna):
    assert statuses(4, "wrong") == [200] * 4
    assert statuses(1) == [302]
    assert statuses(4, "wrong") == [200] * 4


def test_nobody_learns_which_accounts_there_are(anna):
    def told(name):
        pages = [log_in("wrong", name=name) for _ in range(6)]
        token = [page.context["csrf_token"] for page in pages if page.context]
        texts = [page.content.decode().replace(name, "NAME") for page in pages]
        return [
            (page.status_code, text.replace(str(mark), "TOKEN"))
            for page, text, mark in zip(pages, texts, token, strict=True)
        ]

    assert told("anna") == told("nobody-of-this-name")


def test_the_log_tells_of_failures_and_never_of_a_password(anna, caplog):
    statuses(5, "wrong-secret")
    log_in("x", name="typed-my-password-here")
    log_in(address="192.0.2.3")
    assert "wrong-secret" not in caplog.text and "typed-my-password-here" not in caplog.text
    told = lines(caplog)
    assert told.count("Log-in failed for 'anna' from 192.0.2.1") == 5
    assert told.count("Log-in locked for 'anna' from 192.0.2.1") == 1
    assert "Log-in failed for an unknown account from 192.0.2.1" in told


def test_an_address_may_try_so_often_whatever_the_account(anna, settings):
    settings.RATE_LIMIT_LOGINS = "3/minute"
    found = [log_in("wrong", name=f"name-{number}") for number in range(5)]
    assert [page.status_code for page in found] == [200, 200, 200, 429, 429]
    assert 1 <= int(found[-1]["Retry-After"]) <= 62
    assert statuses(1, address="192.0.2.2") == [302]


@pytest.mark.parametrize("path", ["/admin/login/?x=%ff", "/admin/login/"])
@pytest.mark.parametrize("name", ["an\0na", "a" * 300, "anna\N{FULLWIDTH LATIN SMALL LETTER A}"])
def test_odd_values_are_answered_and_do_not_fail(anna, path, name):
    assert log_in("wro\0ng", name=name, path=path).status_code == 200
    assert log_in("wrong", name=name, path=path).status_code == 200


class Slow(Quick):
    running, most = 0, 0

    def encode(self, *given, **named):
        Slow.running += 1
        Slow.most = max(Slow.most, Slow.running)
        time.sleep(0.3)
        Slow.running -= 1
        return super().encode(*given, **named)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_in_a_storm_of_log_ins_one_password_is_checked_at_a_time(anna, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.Slow", f"{__name__}.Quick"]
    ready = threading.Barrier(8)

    def attempt(number):
        ready.wait()
        try:
            return log_in("wrong", address=f"192.0.2.{number}", name=f"name-{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(attempt, range(8)))
    found = sorted(page.status_code for page in pages)
    assert found == [200] * 3 + [503] * 5
    assert Slow.most == 1
    assert all(page.headers["Retry-After"] for page in pages if page.status_code == 503)


def test_a_new_password_has_twelve_characters_and_more(anna):
    from django.contrib.auth.password_validation import validate_password

    with pytest.raises(ValidationError, match="at least 12"):
        validate_password("qX7!mB2@pL9")
    validate_password("qX7!mB2@pL9z")
