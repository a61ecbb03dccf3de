"""Staff and callers find conversations by reviews, switches, sequences of tags and days."""

import random
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from classifier.models import Tag
from conversations import conditions, patience
from conversations.models import Conversation
from conversations.reviewing import record, withdraw
from conversations.staff.changelist import AsFarAsCounted
from tests.conversations.conftest import DEAL, HOT, NEW, WINDOW, WISH, tags_after
from tests.conversations.posting import add_message

LIST = "/admin/conversations/conversation/"
TEXTS = {WINDOW: "just browsing", HOT: "I want to buy", DEAL: "any discount?", None: "hello"}


def post(conversation_id, *tags):
    """Messages that get these tags, one each."""
    return [add_message(conversation_id=conversation_id, text=TEXTS[tag]) for tag in tags]


@pytest.fixture
def shown(staff):
    """The ids on the staff's list."""

    def get(**query):
        response = staff.get(LIST, query)
        assert response.status_code == 200
        return {one.conversation_id for one in response.context["cl"].result_list}

    return get


@pytest.fixture
def listed(api_client):
    """The ids that the API lists."""

    def get(**query):
        response = api_client.get("/conversations", query)
        assert response.status_code == 200, response.content
        return {one["conversation_id"] for one in response.json()["conversations"]}

    return get


class TestReviews:
    @pytest.fixture
    def reviews(self, keyword_model):
        """What was said of the message of each conversation, the newest last."""
        said = {
            "confirmed": [[HOT]],
            "corrected": [[]],
            "settled": [[], [HOT]],  # corrected, then confirmed
            "unlike": [[HOT], [DEAL]],  # confirmed, then corrected
            "untouched": [],
        }
        found = {}
        for name, reviews in said.items():
            (message,) = post(name, HOT)
            found[name] = [record(message=message, tags=tags, actor="a") for tags in reviews]
        return found

    def test_reviewed_by_anybody(self, reviews, shown, listed):
        reviewed = {"confirmed", "corrected", "settled", "unlike"}
        assert shown(reviewed="yes") == listed(reviewed="true") == reviewed
        assert shown(reviewed="no") == listed(reviewed="false") == {"untouched"}

    def test_corrected_by_the_review_that_holds(self, reviews, shown, listed):
        assert shown(corrected="yes") == listed(corrected="true") == {"corrected", "unlike"}
        others = {"confirmed", "settled", "untouched"}
        assert shown(corrected="no") == listed(corrected="false") == others

    def test_what_was_withdrawn_counts_no_more(self, reviews, listed):
        withdraw(review=reviews["corrected"][0], actor="a")
        withdraw(review=reviews["settled"][1], actor="a")
        withdraw(review=reviews["unlike"][1], actor="a")
        assert listed(corrected="true") == {"settled"}
        assert listed(reviewed="false") == {"corrected", "untouched"}

    def test_reviewed_messages_have_an_index_of_their_own(self, reviews):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        assert "message_reviewed" in Conversation.objects.filter(conditions.reviewed()).explain()


class TestTags:
    @pytest.fixture
    def tagged(self, keyword_model):
        post("hot", HOT)
        post("untagged", None)

    def test_current_tag(self, tagged, shown):
        assert shown(tag__name__exact=HOT) == {"hot"}
        assert shown(tag__isnull="True") == {"untagged"}


class TestSwitched:
    @pytest.fixture
    def switched(self, keyword_model):
        """Conversations that switched as many days ago as they are called."""
        for days in ("0", "5", "20", "200"):
            post(days, WINDOW, HOT)
            moment = timezone.now() - timedelta(days=int(days))
            Conversation.objects.filter(conversation_id=days).update(last_switch_at=moment)
        post("never", HOT)

    @pytest.mark.parametrize(
        ("value", "found"),
        [
            ("today", {"0"}),
            ("7", {"0", "5"}),
            ("30", {"0", "5", "20"}),
            ("yes", {"0", "5", "20", "200"}),
            ("no", {"never"}),
        ],
    )
    def test_since(self, switched, shown, value, found):
        assert shown(switched=value) == found


class TestSequences:
    def test_one_tag_and_later_another_not_only_right_after_it(self, keyword_model, shown, listed):
        post("at once", WINDOW, HOT)
        post("by a detour", WINDOW, DEAL, HOT)
        post("the other way", HOT, WINDOW)
        found = {"at once", "by a detour"}
        assert shown(was=WINDOW, later=HOT) == listed(was=WINDOW, later=HOT) == found

    def test_no_tag_at_the_end_or_in_between(self, keyword_model, shown, listed):
        post("lost", WINDOW, None, None, None)
        post("lost and found", WINDOW, None, None, None, HOT)
        post("kept", WINDOW, None)
        found = {"lost", "lost and found"}
        assert shown(was=WINDOW, later="none") == listed(was=WINDOW, later="none") == found

    def test_a_tag_without_another_is_one_that_it_has_or_had(self, keyword_model, shown, listed):
        post("still", WINDOW)
        post("once", WINDOW, HOT)
        post("never", HOT)
        assert shown(was=WINDOW) == shown(was=WINDOW, later="") == listed(was=WINDOW)
        assert listed(was=WINDOW) == {"still", "once"}

    def test_a_review_changes_what_was(self, keyword_model, listed):
        first, _ = post("c", WINDOW, HOT)
        record(message=first, tags=[DEAL], actor="a")
        assert listed(was=WINDOW, later=HOT) == set()
        assert listed(was=DEAL, later=HOT) == {"c"}

    def test_they_follow_from_the_tags_after_each_message(self, keyword_model):
        chance = random.Random(9)
        names = [str(number) for number in range(25)]
        for name in names:
            post(name, *(chance.choice(list(TEXTS)) for _ in range(9)))
        histories = {name: tags_after(name) for name in names}
        for was in (WINDOW, HOT, DEAL):
            for later in (WINDOW, HOT, DEAL, None):
                condition = conditions.sequence(was, later or conditions.NO_TAG)
                found = Conversation.objects.filter(condition)
                expected = {name for name in names if follows(histories[name], was, later)}
                assert set(found.values_list("conversation_id", flat=True)) == expected

    def test_the_form_keeps_the_other_filters_and_what_was_chosen(self, keyword_model, staff):
        html = staff.get(LIST, {"was": WINDOW, "later": "none", "q": "shoes"}).content.decode()
        form = html[html.index('<form class="filter-form"') :]
        form = form[: form.index("</form>")]
        assert '<input type="hidden" name="q" value="shoes">' in form
        assert f'<option value="{WINDOW}" selected>' in form
        assert '<option value="none" selected>no tag</option>' in form
        assert '<a href="?q=shoes">Clear</a>' in form

    @pytest.mark.parametrize(
        "query", [{"later": HOT}, {"was": "Nobody"}, {"was": NEW, "later": "x"}]
    )
    def test_what_cannot_be_is_told_beside_the_field(self, keyword_model, staff, query):
        post("c", WINDOW, HOT)
        response = staff.get(LIST, query)
        assert list(response.context["cl"].result_list) == []
        assert "errorlist" in response.content.decode()

    def test_the_api_asks_what_came_before(self, api_client):
        error = api_client.get("/conversations", {"later": HOT}).json()["error"]
        assert error["fields"] == {"later": ["Later than what? Say that too, by `was`."]}

    def test_tags_are_called_by_their_labels(self, keyword_model, staff):
        Tag.objects.filter(name=WISH).update(label="Saves for later")
        html = staff.get(LIST).content.decode()
        assert html.count(f'<option value="{WISH}">Saves for later</option>') == 2


def follows(history, was, later):
    """Brute force; the same tag twice means that another, or none, stood between."""
    for place, tag in enumerate(history):
        rest = history[place + 1 :]
        if tag != was or later not in rest:
            continue
        if was != later or any(one != was for one in rest[: last(rest, later)]):
            return True
    return False


def last(tags, tag):
    return len(tags) - 1 - tags[::-1].index(tag)


class TestDays:
    def test_both_days_count_in_full(self, db, shown, settings):
        settings.TIME_ZONE = "Europe/Berlin"
        with timezone.override("Europe/Berlin"):
            for day in (9, 10, 11):
                for clock in ("00:00:00", "23:59:59.999999"):
                    moment = f"2026-03-{day:02} {clock}+01:00"
                    Conversation.objects.create(conversation_id=f"{day} {clock}", updated_at=moment)
            found = shown(since="2026-03-10", until="2026-03-10")
        assert found == {"10 00:00:00", "10 23:59:59.999999"}

    def test_what_is_no_date_is_told(self, db, staff):
        response = staff.get(LIST, {"since": "yesterday"})
        assert "Enter a valid date." in response.content.decode()


class TestManyRows:
    @pytest.fixture(autouse=True)
    def rows(self, db):
        Conversation.objects.bulk_create(
            Conversation(conversation_id=f"c{number}", updated_at=timezone.now())
            for number in range(60)
        )

    def test_a_page_says_how_many_there_are(self, staff):
        assert "60 conversations" in staff.get(LIST).content.decode()

    def test_more_are_not_counted_and_the_page_says_so(self, staff, monkeypatch):
        monkeypatch.setattr(AsFarAsCounted, "MOST", 55)
        response = staff.get(LIST, {"p": "2"})
        html = response.content.decode()
        assert "More than 55 conversations" in html
        assert "55 results" not in html
        assert len(response.context["cl"].result_list) == 5

    def test_what_was_not_counted_cannot_be_selected_all_at_once(self, admin_client):
        html = admin_client.get(LIST).content.decode()
        assert "Select all 60" not in html
        assert "0 of 50 selected" in html


class TestPatience:
    @pytest.fixture
    def locked(self, db, monkeypatch):
        """Somebody else holds the table; every reader has to wait."""
        monkeypatch.setattr(patience, "SECONDS", 0.1)
        names = ("host", "port", "user", "password", "dbname")
        given = connection.get_connection_params()
        with psycopg.connect(**{name: given[name] for name in names if name in given}) as other:
            other.execute("LOCK TABLE conversations_conversation")
            yield
            other.rollback()

    def test_a_list_that_takes_too_long_is_a_sentence(self, locked, staff):
        response = staff.get(LIST, {"q": "shoes"})
        assert response.status_code == 200
        html = response.content.decode()
        assert "was broken off. Narrow it" in html
        assert 'value="shoes"' in html

    def test_and_so_it_is_for_callers(self, locked, api_client):
        response = api_client.get("/conversations")
        assert response.status_code == 503
        assert response.json()["error"]["code"] == "too_slow"
