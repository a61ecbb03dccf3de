"""A statement that is sent ahead: Postgres works on it while whoever asked does something else."""

import time

import pytest
from django.db import InternalError, OperationalError, connection, transaction

from beez.database.prepared import Ahead, Prepared

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

SLEEP = Ahead("SELECT %(number)s::int FROM pg_sleep(%(seconds)s)")


@pytest.fixture(autouse=True)
def connected():
    connection.ensure_connection()
    yield connection.connection
    connection.close()


def sent(query=SLEEP, **values):
    cursor = connection.cursor()
    cursor.execute(query, {"number": 1, "seconds": 0.0} | values)
    return cursor


@pytest.mark.parametrize("again", [False, True], ids=["first", "prepared"])
def test_both_work_at_the_same_time(again):
    if again:
        sent().fetchall()
    cursor = sent(seconds=1.0)
    time.sleep(1.0)
    started = time.monotonic()
    assert cursor.fetchall() == [(1,)]
    if again:  # the first time, Postgres has only been told to prepare it
        assert time.monotonic() - started < 0.9


def test_what_is_asked_next_gets_its_own_answer_and_the_earlier_one_is_kept():
    cursor = sent(number=7)
    with connection.cursor() as other:
        other.execute("SELECT 8")
        assert other.fetchone() == (8,)
    assert cursor.fetchall() == [(7,)]


def test_several_may_be_sent_ahead():
    cursors = [sent(number=number) for number in range(3)]
    assert [cursor.fetchall() for cursor in cursors] == [[(0,)], [(1,)], [(2,)]]


def test_an_answer_that_nobody_reads_disturbs_nobody():
    sent().close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_an_error_comes_when_the_answer_is_read_as_one_of_django():
    division = Ahead("SELECT 1 / %(number)s::int WHERE %(seconds)s::int = 0")
    cursor = sent(division, number=0)
    with pytest.raises(Exception, match="division by zero") as raised:
        cursor.fetchall()
    assert raised.type.__module__ == "django.db.utils"
    assert sent().fetchall() == [(1,)]


def test_the_deadline_counts_from_when_the_answer_is_waited_for(connected):
    sent().fetchall()
    connected.deadline = 0.3
    cursor = sent(seconds=20)
    with pytest.raises(OperationalError, match=r"no answer within 0\.3 seconds"):
        cursor.fetchall()
    assert connected.closed


def test_a_connection_that_was_closed_meanwhile_says_so(connected):
    cursor = sent(seconds=20)
    connected.pgconn.finish()
    with pytest.raises(OperationalError):
        cursor.fetchall()


def test_within_a_transaction_it_belongs_to_it():
    with transaction.atomic():
        cursor = sent(Ahead("SELECT txid_current() WHERE %(number)s + %(seconds)s > 0"))
        with connection.cursor() as other:
            other.execute("SELECT txid_current()")
            assert cursor.fetchall() == [other.fetchone()]
    with pytest.raises(InternalError), transaction.atomic():
        failing = sent(Ahead("SELECT 1 / (%(seconds)s::int * %(number)s::int)"))
        with pytest.raises(Exception, match="division"):
            failing.fetchall()
        sent().fetchall()


def test_a_prepared_statement_alone_is_waited_for():
    started = time.monotonic()
    sent(Prepared("SELECT %(number)s::int FROM pg_sleep(%(seconds)s)"), seconds=0.2)
    assert time.monotonic() - started >= 0.2
