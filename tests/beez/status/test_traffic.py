"""Messages, tags and switches, day by day."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.utils import timezone

from beez.api.statements import limited
from beez.status import bounded, traffic, waiting
from conversations.models import Message
from tests.conversations.conftest import DEAL, HOT, NEW

pytestmark = pytest.mark.django_db


def test_every_day_is_there_and_today_is_the_last(db):
    days = traffic.days()
    assert len(days) == 14
    assert days[-1].day == timezone.localdate()
    assert {(day.messages, day.switches, len(day.tags)) for day in days} == {(0, 0, 0)}


def test_counts_messages_tags_and_switches_of_each_day(posted):
    posted("I am new", days=3)
    posted("I want to buy it", days=1)
    posted("any coupon for this order?", conversation_id="two")
    posted("too old to be told", days=14, conversation_id="two")
    days = traffic.days()
    assert [day.messages for day in days[-4:]] == [1, 0, 1, 1]
    assert [day.switches for day in days[-4:]] == [0, 0, 1, 0]
    assert [day.tags for day in days[-4:]] == [{NEW: 1}, {}, {HOT: 1}, {DEAL: 1, HOT: 1}]
    assert sum(day.messages for day in days) == 3


def test_a_day_begins_at_midnight_of_the_time_zone(posted, settings):
    message = posted("hello")
    Message.objects.filter(pk=message.pk).update(
        created_at=datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    )
    now = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
    with timezone.override("Europe/Berlin"):
        assert traffic.days(now)[-1].messages == 1
    bounded.forget()
    with timezone.override("UTC"):
        assert [day.messages for day in traffic.days(now)[-2:]] == [1, 0]


def test_asked_again_within_a_minute_nothing_is_counted(posted, django_assert_num_queries):
    posted("hello")
    traffic.days()
    with django_assert_num_queries(0):
        assert traffic.days()[-1].messages == 1


def test_what_takes_too_long_is_broken_off_and_the_rest_goes_on(db):
    def slow():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(10)")

    with (
        limited(0.05),
        pytest.raises(Exception, match="timeout"),
        limited(0.05),
    ):
        slow()
    assert bounded.attempt(slow) is None
    assert traffic.days()


def test_waiting_counts_the_unsure_and_the_drawn(posted, monkeypatch):
    posted("one", unsure=True)
    posted("two", unsure=True)
    posted("three", unsure=True, reviewed=True)
    posted("four", sampled=True)
    assert (waiting.now().unsure, waiting.now().drawn) == (2, 1)
    monkeypatch.setattr(waiting, "MOST", 1)
    assert waiting.now().unsure == 1
