"""When a key was last used is noted by requests, and written beside them."""

import logging
import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from beez.api import keys, last_use
from beez.api.models import ApiKey


@pytest.fixture(autouse=True)
def nothing_noted():
    last_use._noted.clear()
    yield
    last_use._noted.clear()


@pytest.fixture
def used(db):
    """How a key was used last, as it is stored."""
    row, _ = keys.create(name="shop", scopes=["classify"])
    return lambda: ApiKey.objects.get(pk=row.pk)


def test_a_request_writes_nothing(shell, bearer, django_assert_num_queries):
    keys.verify(bearer["Authorization"].removeprefix("Bearer "))
    with django_assert_num_queries(0):
        assert shell.get("/echo", headers=bearer).status_code == 200
    last_use.write()
    assert timezone.now() - ApiKey.objects.get().last_used_at < timedelta(seconds=10)


def test_a_key_is_written_once_a_minute(used, django_assert_num_queries):
    last_use.note(used())
    last_use.write()
    last_use.note(used())
    with django_assert_num_queries(2):  # a transaction without a statement
        last_use.write()


def test_a_use_after_a_minute_is_written_by_one_of_many_processes(used):
    before = timezone.now() - timedelta(minutes=2)
    ApiKey.objects.update(last_used_at=before)
    here = elsewhere = used()
    last_use.note(here)
    last_use.write()
    first = used().last_used_at
    last_use.note(elsewhere)
    last_use.write()
    assert used().last_used_at == first > before


def test_what_could_not_be_written_is_written_the_next_time(used, monkeypatch):
    last_use.note(used())
    with monkeypatch.context() as broken:
        broken.setattr(ApiKey, "objects", None)
        with pytest.raises(AttributeError):
            last_use.write()
    last_use.write()
    assert used().last_used_at is not None


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_thread_writes_and_once_more_when_it_is_stopped(monkeypatch, caplog):
    monkeypatch.setattr(last_use, "EVERY", 0.05)
    row, _ = keys.create(name="shop", scopes=["classify"])
    last_use.start()
    try:
        last_use.note(row)
        deadline = time.monotonic() + 10
        while ApiKey.objects.get().last_used_at is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        monkeypatch.setattr(last_use, "EVERY", 60)
        time.sleep(0.1)  # it waits for a minute now
        ApiKey.objects.update(last_used_at=None)
        last_use.note(row)
    finally:
        last_use.stop()
    assert ApiKey.objects.get().last_used_at is not None
    assert not [one for one in threading.enumerate() if one.name == "last-use"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_database_that_is_away_is_one_line_and_the_thread_goes_on(monkeypatch, caplog):
    monkeypatch.setattr(last_use, "EVERY", 0.02)
    row, _ = keys.create(name="shop", scopes=["classify"])
    tries = []

    def away():
        tries.append(1)
        raise OperationalError("connection refused")

    with monkeypatch.context() as broken, caplog.at_level(logging.WARNING):
        broken.setattr(last_use, "write", away)
        last_use.note(row)
        last_use.start()
        try:
            deadline = time.monotonic() + 10
            while len(tries) < 3:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        finally:
            last_use.stop()
    assert sum("cannot be written" in record.getMessage() for record in caplog.records) == 1
