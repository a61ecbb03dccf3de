"""`sent_at`: when the customer wrote, kept beside the order in which messages arrived."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from conversations.models import Conversation, Message
from tests.conversations.conftest import tags_after
from tests.conversations.posting import add_message

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def post(keyword_model, api_client):
    def send(message="hello", conversation_id="c", **more):
        body = {"conversation_id": conversation_id, "message": message, **more}
        return api_client.post("/classify-conversation", body, format="json")

    return send


def shown(api_client, conversation_id="c"):
    messages = api_client.get(f"/conversation/{conversation_id}").json()["messages"]
    return [message["sent_at"] for message in messages]


@pytest.mark.parametrize(
    ("sent_at", "kept"),
    [
        ("2026-03-10T13:30:00+01:30", "2026-03-10T12:00:00+00:00"),
        ("2026-03-10T12:00:00Z", "2026-03-10T12:00:00+00:00"),
        ("2026-03-10 12:00:00.25-00:00", "2026-03-10T12:00:00.250000+00:00"),
        (None, None),
    ],
)
def test_it_is_kept_as_the_moment_that_it_is(post, api_client, sent_at, kept):
    assert post(sent_at=sent_at).status_code == 200
    assert shown(api_client) == [kept]


def test_without_it_nothing_is_made_up(post, api_client):
    post()
    assert shown(api_client) == [None]


def test_positions_and_the_rule_follow_the_order_of_arrival(post, api_client):
    post("checkout now", sent_at="2026-03-10T12:00:00Z")
    post("I'm new here", sent_at="2026-03-10T11:00:00Z")
    assert shown(api_client) == ["2026-03-10T12:00:00+00:00", "2026-03-10T11:00:00+00:00"]
    before = tags_after("c")
    post("checkout now", "plain")
    post("I'm new here", "plain")
    assert tags_after("plain") == before


@pytest.mark.parametrize(
    "sent_at",
    [
        *("2026-03-10T12:00:00", "2026-03-10", "10.3.2026 12:00", "", " ", "now", "2026-02-30T00Z"),
        *("1999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
        *(1773144000, 1.5, True, [], {}, "2026-03-10T12:00:00+25:00"),
    ],
)
def test_what_is_no_moment_with_an_offset_within_reason_is_refused(post, sent_at):
    response = post(sent_at=sent_at)
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == ["sent_at"]
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(("ahead", "status"), [(timedelta(hours=1), 200), (timedelta(days=2), 400)])
def test_a_clock_that_is_a_little_fast_is_forgiven(post, ahead, status):
    assert post(sent_at=(datetime.now(UTC) + ahead).isoformat()).status_code == status


def test_a_repeat_that_is_stamped_anew_is_the_same_message_and_keeps_the_first(post, api_client):
    first = post(message_id="m", sent_at="2026-03-10T12:00:00Z")
    again = post(message_id="m", sent_at="2026-03-10T12:00:07Z")
    assert (again.status_code, again.json()) == (200, first.json())
    assert shown(api_client) == ["2026-03-10T12:00:00+00:00"]
    assert Message.objects.count() == 1


def test_the_staff_page_shows_it(keyword_model, staff):
    message = add_message(conversation_id="c", text="hello", sent_at=NOON)
    page = reverse("admin:conversations_conversation_change", args=[message.conversation_id])
    assert "sent <time" in staff.get(page).content.decode()
    assert "10 Mar 2026, 12:00" in staff.get(page).content.decode()


@pytest.fixture
def listed(keyword_model, api_client):
    for name, *hours in [("early", 9, 10), ("late", 14), ("around", 9, 15)]:
        for hour in hours:
            add_message(conversation_id=name, text="hello", sent_at=NOON.replace(hour=hour))
    add_message(conversation_id="unsaid", text="hello")

    def get(**query):
        response = api_client.get("/conversations", query)
        return sorted(one["conversation_id"] for one in response.json()["conversations"])

    return get


def test_conversations_are_found_by_when_their_messages_were_sent(listed):
    assert listed(sent_since="2026-03-10T14:00:00Z") == ["around", "late"]
    assert listed(sent_until="2026-03-10T09:00:00Z") == ["around", "early"]
    assert listed(sent_since="2026-03-10", sent_until="2026-03-10") == ["around", "early", "late"]
    assert listed(sent_since="2026-03-11") == []


def test_both_ends_hold_for_one_and_the_same_message(listed):
    span = {"sent_since": "2026-03-10T10:00:00Z", "sent_until": "2026-03-10T14:00:00Z"}
    assert listed(**span) == ["early", "late"]


def test_the_schema_calls_it_a_date_and_time(api_client):
    shapes = api_client.get("/openapi.json").json()["components"]["schemas"]
    sent_at = shapes["ConversationMessageRequest"]["properties"]["sent_at"]
    assert (sent_at["type"], sent_at["format"]) == ("string", "date-time")
