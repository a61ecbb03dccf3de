"""A connection that has just answered is not asked whether it is one; one that broke is noticed."""

import time

import psycopg
import pytest
from django.db import close_old_connections, connection

from beez.database import base
from beez.database.patient import Connection

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def asked(monkeypatch):
    """How often the server was asked anything; a request begins."""
    monkeypatch.setitem(connection.settings_dict, "CONN_HEALTH_CHECKS", True)
    connection.close()
    connection.ensure_connection()
    connection.connection.deadline = 10.0
    select(1)
    count, wait = [], Connection.wait
    monkeypatch.setattr(
        Connection,
        "wait",
        lambda self, *rest, **more: (count.append(1), wait(self, *rest, **more))[1],
    )
    connection.health_check_enabled, connection.health_check_done = True, False
    yield count
    connection.close()


def select(number):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::int", [number])
        return cursor.fetchone()[0]


def test_the_first_statement_of_a_request_is_not_asked_for_twice(asked):
    assert select(2) == 2
    assert len(asked) == 1


def test_after_a_while_it_is_asked(asked, monkeypatch):
    monkeypatch.setattr(base, "FRESH_SECONDS", 0.0)
    assert select(2) == 2
    assert len(asked) == 2


def test_after_a_failure_it_is_asked(asked):
    connection.errors_occurred = True
    close_old_connections()
    assert not connection.errors_occurred
    assert len(asked) == 1


def test_one_that_the_server_has_just_ended_is_replaced_and_no_request_fails(asked):
    before = connection.connection.info.backend_pid
    with psycopg.connect(
        **psycopg.conninfo.conninfo_to_dict(connection.connection.info.dsn)
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [before])
    until = time.monotonic() + 10
    while connection.connection.fresh(60) and time.monotonic() < until:
        time.sleep(0.01)
    assert select(2) == 2
    assert connection.connection.info.backend_pid != before
