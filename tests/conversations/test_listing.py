"""GET /conversations: filters and keyset pages."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from classifier.models import Tag
from conversations.models import Conversation
from tests.conversations.conftest import HOT, NEW

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def make(conversation_id, *, updated_at=NOON, **fields):
    return Conversation.objects.create(
        conversation_id=conversation_id, updated_at=updated_at, message_count=1, **fields
    )


@pytest.fixture
def listed(api_client):
    """The ids on the page that a query gets."""

    def get(**query):
        response = api_client.get("/conversations", query)
        assert response.status_code == 200, response.content
        return [one["conversation_id"] for one in response.json()["conversations"]]

    return get


def test_an_entry_says_where_the_conversation_stands(api_client):
    conversation = make("c", tag_id=HOT, tag_confidence=0.87654, last_switch_at=NOON)
    assert api_client.get("/conversations").json() == {
        "conversations": [
            {
                "conversation_id": "c",
                "customer_id": None,
                "conversation_tag": {"tag": HOT, "confidence": 0.8765},
                "message_count": 1,
                "last_switch_at": "2026-03-10T12:00:00+00:00",
                "created_at": conversation.created_at.isoformat(),
                "updated_at": "2026-03-10T12:00:00+00:00",
            }
        ],
        "next": None,
    }


def test_last_updated_come_first(listed):
    for day in (2, 3, 1):
        make(f"day-{day}", updated_at=NOON + timedelta(days=day))
    assert listed() == ["day-3", "day-2", "day-1"]


def test_filter_by_tag(listed):
    make("hot", tag_id=HOT)
    make("new", tag_id=NEW)
    make("none")
    assert listed(tag=HOT) == ["hot"]
    assert listed(tag="Deal-seeker") == []


def test_filter_by_a_shop_made_tag(listed):
    Tag.objects.create(name="Großkunde", description="Buys in bulk.", stage=45)
    make("big", tag_id="Großkunde")
    make("hot", tag_id=HOT)
    assert listed(tag="Großkunde") == ["big"]


def test_filter_by_whether_the_tag_ever_switched(listed):
    make("switched", last_switch_at=NOON)
    make("steady", tag_id=HOT)
    assert listed(switched="true") == ["switched"]
    assert listed(switched="false") == ["steady"]


def test_filter_by_time_includes_both_ends(listed):
    for hour in (9, 12, 15):
        make(f"at-{hour}", updated_at=NOON.replace(hour=hour))
    assert listed(since="2026-03-10T12:00:00Z") == ["at-15", "at-12"]
    assert listed(until="2026-03-10T12:00:00Z") == ["at-12", "at-9"]
    assert listed(since="2026-03-10T14:00:00+02:00", until="2026-03-10T12:00:00") == ["at-12"]


@pytest.mark.parametrize(
    "moment", ["2026-03-10T14:00:00+02:00", "2026-03-10T14:00+02", "2026-03-10 14:00:00.0+0200"]
)
def test_a_plus_that_arrives_as_a_blank_is_the_plus(api_client, moment):
    make("then")
    for written in (moment, moment.replace("+", "%2B")):
        answer = api_client.get(f"/conversations?since={written}&until={written}")
        assert answer.status_code == 200, answer.content
        assert len(answer.json()["conversations"]) == 1


def test_a_blank_between_date_and_time_stays_one(listed):
    make("then")
    assert listed(since="2026-03-10 12:00", until="2026-03-10 12:00") == ["then"]


def test_a_date_counts_in_full(listed):
    make("before", updated_at=datetime(2026, 3, 9, 23, 59, 59, 999999, tzinfo=UTC))
    make("first", updated_at=datetime(2026, 3, 10, tzinfo=UTC))
    make("last", updated_at=datetime(2026, 3, 10, 23, 59, 59, 999999, tzinfo=UTC))
    make("after", updated_at=datetime(2026, 3, 11, tzinfo=UTC))
    assert listed(since="2026-03-10", until="2026-03-10") == ["last", "first"]


def test_the_earliest_and_the_latest_date_are_dates_too(listed):
    make("c")
    assert listed(since="0001-01-01", until="9999-12-31") == ["c"]


def test_filters_hold_together(listed):
    make("both", tag_id=HOT, last_switch_at=NOON)
    make("tag", tag_id=HOT)
    make("switched", last_switch_at=NOON)
    assert listed(tag=HOT, switched="true") == ["both"]


def test_pages_visit_every_conversation_once_equal_times_included(api_client):
    for number in range(7):
        make(str(number), updated_at=NOON + timedelta(hours=number // 3))
    seen, query = [], {"limit": 2}
    while True:
        page = api_client.get("/conversations", query).json()
        seen.append([one["conversation_id"] for one in page["conversations"]])
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == [["6", "5"], ["4", "3"], ["2", "1"], ["0"]]


def test_a_conversation_that_comes_between_pages_moves_nothing(api_client):
    for number in range(4):
        make(str(number), updated_at=NOON + timedelta(hours=number))
    first = api_client.get("/conversations", {"limit": 2}).json()
    make("late", updated_at=NOON + timedelta(days=1))
    second = api_client.get("/conversations", {"limit": 2, "cursor": first["next"]}).json()
    assert [one["conversation_id"] for one in second["conversations"]] == ["1", "0"]


def test_pages_keep_to_the_filters(api_client):
    for number in range(6):
        make(str(number), tag_id=HOT if number % 2 else NEW)
    query = {"limit": 2, "tag": HOT}
    first = api_client.get("/conversations", query).json()
    second = api_client.get("/conversations", query | {"cursor": first["next"]}).json()
    assert [one["conversation_id"] for one in second["conversations"]] == ["1"]


def test_a_page_holds_50_unless_told(api_client):
    for number in range(51):
        make(str(number))
    assert len(api_client.get("/conversations").json()["conversations"]) == 50
    assert len(api_client.get("/conversations", {"limit": 200}).json()["conversations"]) == 51


def encoded(text):
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tag", "Nobody"),
        ("tag", ""),
        ("tag", "a\0b"),
        ("switched", "maybe"),
        ("switched", ""),
        ("reviewed", "yes"),
        ("corrected", ""),
        ("was", "Nobody"),
        ("was", "none"),
        ("later", "Hot-buyer"),
        ("since", "yesterday"),
        ("since", "2026-02-30"),
        ("since", "2026-03-10T25:00:00Z"),
        ("until", "2026"),
        ("until", ""),
        ("sent_since", "yesterday"),
        ("sent_until", "yesterday"),
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "ten"),
        ("cursor", "x"),
        ("cursor", "!!!!"),
        ("cursor", "é"),
        ("cursor", encoded("2026-03-10T12:00:00 1")),
        ("cursor", encoded("2026-03-10T12:00:00+00:00 x")),
        ("cursor", encoded("now 1 2")),
    ],
)
def test_a_bad_value_is_refused_by_name(api_client, field, value):
    response = api_client.get("/conversations", {field: value})
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == [field]


def test_a_cursor_beyond_all_numbers_is_no_crash(api_client):
    make("c")
    query = {"cursor": encoded(f"2026-03-11T12:00:00+00:00 {10**30}")}
    assert len(api_client.get("/conversations", query).json()["conversations"]) == 1
