"""Staff review on a conversation's page by plain forms: each button, who may, what others do."""

import html as escaping
import re

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from classifier.models import Tag
from conversations import reviewing
from conversations.models import Conversation, Message, Review
from tests.conversations.conftest import (
    DEAL,
    HOT,
    NEW,
    WINDOW,
    WISH,
    assert_consistent,
    switches,
    tags_after,
)
from tests.conversations.posting import add_message
from tests.statements import queries

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def allow(username, codename):
    User.objects.get(username=username).user_permissions.add(
        Permission.objects.get(codename=codename)
    )


@pytest.fixture
def reviewer(staff):
    """Anna, signed in, who may review."""
    allow("anna", "add_review")
    return staff


def page_of(conversation_id="shoes"):
    pk = Conversation.objects.get(conversation_id=conversation_id).pk
    return f"/admin/conversations/conversation/{pk}/change/"


def door(message):
    pk, position = message.conversation_id, message.position
    return f"/admin/conversations/conversation/{pk}/messages/{position}/review/"


def shown(client, message, **query):
    """The HTML of the message's article on its page."""
    response = client.get(page_of(message.conversation.conversation_id), query)
    assert response.status_code == 200
    return article(response, message)


def article(response, message):
    html = response.content.decode()
    return re.search(rf'<article[^>]* id="message-{message.position}".*?</article>', html, re.S)[0]


def seen(html):
    return re.search(r'name="seen" value="(\d+)"', html)[1]


def click(client, message, **fields):
    """Press a button as the page shows it; the message's article on the page led to."""
    fields.setdefault("seen", seen(shown(client, message)))
    response = client.post(door(message), fields, follow=True)
    assert response.status_code == 200
    return article(response, message)


def pressed(html):
    buttons = re.findall(r'value="([^"]*)" aria-pressed="true"', html)
    return [escaping.unescape(one) for one in buttons]


def holding(message):
    review = Message.objects.get(pk=message.pk).holding
    return (set(review.tags), review.actor) if review else None


class TestButtons:
    def test_those_of_the_tags_that_hold_are_pressed(self, worked_example, reviewer):
        assert pressed(shown(reviewer, worked_example[2])) == [NEW, DEAL]
        reviewing.record(message=worked_example[2], tags=[HOT], actor="ben")
        assert pressed(shown(reviewer, worked_example[2])) == [HOT]
        reviewing.record(message=worked_example[2], tags=[], actor="ben")
        assert pressed(shown(reviewer, worked_example[2])) == ["none"]

    def test_confirm_says_that_the_model_is_right(self, worked_example, reviewer):
        html = click(reviewer, worked_example[2], act="confirm")
        review = Review.objects.get()
        assert (review.agrees, review.actor, review.chosen) == (True, "anna", Review.Chosen.READING)
        assert "Confirmed" in html
        assert "The model had said" not in html

    def test_confirm_says_that_a_colleague_is_right(self, worked_example, reviewer):
        reviewing.record(message=worked_example[1], tags=[WINDOW], actor="ben")
        click(reviewer, worked_example[1], act="confirm")
        assert holding(worked_example[1]) == ({WINDOW}, "anna")

    def test_a_tag_is_added_to_those_that_hold(self, worked_example, reviewer):
        html = click(reviewer, worked_example[1], toggle=WINDOW)
        assert pressed(html) == [WINDOW, WISH]
        assert holding(worked_example[1]) == ({WINDOW, WISH}, "anna")
        assert "The model had said" in html

    def test_a_tag_is_taken_from_those_that_hold(self, worked_example, reviewer):
        click(reviewer, worked_example[2], toggle=NEW)
        assert holding(worked_example[2]) == ({DEAL}, "anna")
        html = click(reviewer, worked_example[2], toggle=DEAL)
        assert holding(worked_example[2]) == (set(), "anna")
        assert pressed(html) == ["none"]

    def test_no_tag_says_that_none_holds(self, worked_example, reviewer):
        click(reviewer, worked_example[2], act="none")
        assert holding(worked_example[2]) == (set(), "anna")

    def test_the_history_follows_at_once(self, worked_example, reviewer):
        click(reviewer, worked_example[1], act="none")
        click(reviewer, worked_example[1], toggle=WINDOW)
        assert tags_after("shoes") == [NEW, WINDOW, DEAL, HOT]
        assert switches("shoes") == [(2, NEW, WINDOW), (3, WINDOW, DEAL), (4, DEAL, HOT)]
        assert_consistent("shoes")

    def test_undo_takes_the_last_review_back(self, worked_example, reviewer):
        click(reviewer, worked_example[3], toggle=WINDOW)
        click(reviewer, worked_example[3], toggle=WISH)
        assert "Taken back" in click(reviewer, worked_example[3], act="withdraw")
        assert holding(worked_example[3]) == ({HOT, DEAL, WINDOW}, "anna")
        html = click(reviewer, worked_example[3], act="withdraw")
        assert holding(worked_example[3]) is None
        assert 'value="withdraw"' not in html
        assert tags_after("shoes") == [NEW, WISH, DEAL, HOT]

    def test_what_a_colleague_said_can_be_withdrawn_and_stays_readable(
        self, worked_example, reviewer
    ):
        reviewing.record(message=worked_example[0], tags=[HOT], actor="ben", note="sure")
        before = shown(reviewer, worked_example[0])
        assert "Withdraw<" in before
        assert "<s>" not in before
        html = click(reviewer, worked_example[0], act="withdraw")
        struck = re.search(r"<s>(.*?)</s>", html, re.S)[1]
        assert "by ben" in struck
        assert "sure" in struck
        assert "Withdrawn by anna" in html
        assert holding(worked_example[0]) is None

    def test_a_note_is_kept_with_the_review(self, worked_example, reviewer):
        html = click(reviewer, worked_example[0], act="confirm", note=" asks what we sell ")
        assert Review.objects.get().note == "asks what we sell"
        assert "“asks what we sell”" in html

    def test_what_came_of_a_click_is_told_once(self, worked_example, reviewer):
        assert f"Saved: {NEW}, {HOT}." in click(reviewer, worked_example[0], toggle=HOT)
        assert "Saved:" not in shown(reviewer, worked_example[0])

    def test_they_lead_back_to_the_message_on_its_page(self, keyword_model, reviewer):
        for number in range(52):
            add_message(conversation_id="long", text=f"browsing {number}.")
        for position, page in ((50, 1), (51, 2)):
            message = Message.objects.get(position=position)
            response = reviewer.post(door(message), {"act": "confirm", "seen": 0})
            assert response.status_code == 302
            assert response.url == f"{page_of('long')}?page={page}#message-{position}"
            assert "Saved: Window-shopper." in shown(reviewer, message, page=page)


class TestMeanwhile:
    def test_what_somebody_else_said_is_shown_and_not_overwritten(self, worked_example, reviewer):
        message = worked_example[1]
        before = seen(shown(reviewer, message))
        reviewing.record(message=message, tags=[WINDOW], actor="ben")
        html = click(reviewer, message, toggle=HOT, seen=before, note="wants it")
        assert "ben said meanwhile: Window-shopper. Your click was not saved." in html
        assert holding(message) == ({WINDOW}, "ben")
        assert pressed(html) == [WINDOW]
        assert 'value="wants it"' in html
        click(reviewer, message, toggle=HOT)
        assert holding(message) == ({WINDOW, HOT}, "anna")

    @pytest.mark.parametrize("act", ["confirm", "none", "withdraw"])
    def test_a_review_that_was_taken_back_is_not_built_upon(self, worked_example, reviewer, act):
        message = worked_example[1]
        review = reviewing.record(message=message, tags=[WINDOW], actor="ben")
        reviewing.withdraw(review=review, actor="ben")
        html = click(reviewer, message, act=act, seen=review.pk)
        assert "The last review was taken back meanwhile. Your click was not saved." in html
        assert holding(message) is None

    def test_undo_does_not_take_back_what_another_said(self, worked_example, reviewer):
        message = worked_example[1]
        mine = reviewing.record(message=message, tags=[WINDOW], actor="anna")
        reviewing.record(message=message, tags=[HOT], actor="ben")
        assert "ben said meanwhile" in click(reviewer, message, act="withdraw", seen=mine.pk)
        assert holding(message) == ({HOT}, "ben")

    def test_it_is_compared_again_when_the_row_is_locked(self, worked_example):
        reviewing.record(message=worked_example[1], tags=[], actor="ben")
        with pytest.raises(reviewing.ReviewedMeanwhileError, match="ben said meanwhile: no tag"):
            reviewing.record(message=worked_example[1], tags=[HOT], actor="anna", seen=0)
        assert Review.objects.count() == 1

    def test_a_tag_that_was_deleted_is_a_sentence(self, worked_example, reviewer):
        html = click(reviewer, worked_example[1], toggle="Bulk-buyer")
        assert "Unknown tags: Bulk-buyer. Your click was not saved." in html
        assert holding(worked_example[1]) is None

    def test_a_deleted_tag_of_an_earlier_review_is_left_out_and_stays_readable(
        self, worked_example, reviewer
    ):
        tag = Tag.objects.create(name="Bulk-buyer", description="Buys in bulk.", stage=1)
        reviewing.record(message=worked_example[1], tags=["Bulk-buyer", HOT], actor="ben")
        reviewing.record(message=worked_example[1], tags=[HOT], actor="ben")
        reviewing.withdraw(review=Review.objects.first(), actor="ben")
        tag.delete()
        assert pressed(shown(reviewer, worked_example[1])) == [HOT]
        html = click(reviewer, worked_example[1], act="confirm")
        assert holding(worked_example[1]) == ({HOT}, "anna")
        assert "Bulk-buyer" in html

    def test_a_retired_tag_is_shown_and_given_no_more(self, worked_example, reviewer):
        Tag.objects.filter(name=DEAL).update(retired_at=timezone.now())
        html = shown(reviewer, worked_example[2])
        assert f'value="{DEAL}"' not in html
        assert "is no longer in use" in html
        assert "Unknown tags: Deal-seeker" in click(reviewer, worked_example[2], toggle=DEAL)
        assert "Confirmed" in click(reviewer, worked_example[2], act="confirm")
        assert holding(worked_example[2]) == ({NEW}, "anna")
        assert_consistent("shoes")

    def test_an_erased_conversation_is_not_found(self, worked_example, reviewer):
        address = door(worked_example[1])
        Conversation.objects.all().delete()
        assert reviewer.post(address, {"act": "confirm", "seen": 0}).status_code == 404


class TestBadClicks:
    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"act": "confirm"},
            {"seen": "0"},
            {"act": "confirm", "seen": "x"},
            {"act": "confirm", "seen": "-1"},
            {"act": "erase", "seen": "0"},
            {"act": "none", "toggle": HOT, "seen": "0"},
            {"toggle": "Hot\0buyer", "seen": "0"},
            {"act": "confirm", "seen": "0", "note": "a\0b"},
            {"act": "confirm", "seen": "9" * 30},
        ],
    )
    def test_are_refused_in_a_sentence(self, worked_example, reviewer, fields):
        response = reviewer.post(door(worked_example[0]), fields, follow=True)
        assert "Your click was not saved." in article(response, worked_example[0])
        assert not Review.objects.exists()

    def test_a_note_that_is_too_long_is_given_back(self, worked_example, reviewer):
        html = click(reviewer, worked_example[0], act="confirm", note="x" * 501)
        assert "A note has at most 500 characters. Your click was not saved." in html
        assert f'value="{"x" * 500}"' in html

    @pytest.mark.parametrize(
        "path", ["1/messages/99", "999999/messages/1", "9" * 30 + "/messages/1"]
    )
    def test_a_message_that_is_not_there_is_not_found(self, worked_example, reviewer, path):
        pk = worked_example[0].conversation_id
        address = f"/admin/conversations/conversation/{path}/review/".replace("/1/m", f"/{pk}/m")
        assert reviewer.post(address, {"act": "confirm", "seen": 0}).status_code == 404


class TestWhoMay:
    def test_those_who_may_only_read_see_no_buttons(self, worked_example, staff):
        reviewing.record(message=worked_example[1], tags=[WINDOW], actor="ben")
        html = staff.get(page_of()).content.decode()
        main = html[html.index('id="content-main"') :]
        assert "<form" not in main
        assert "<button" not in main
        assert "review.js" not in html
        assert "by ben" in html

    def test_those_who_may_only_read_are_refused(self, worked_example, staff):
        response = staff.post(door(worked_example[0]), {"act": "confirm", "seen": 0})
        assert response.status_code == 403
        assert not Review.objects.exists()

    def test_those_who_may_not_read_are_refused(self, worked_example, staff):
        User.objects.get(username="anna").user_permissions.clear()
        allow("anna", "add_review")
        response = staff.post(door(worked_example[0]), {"act": "confirm", "seen": 0})
        assert response.status_code == 403

    def test_who_is_signed_out_signs_in_and_is_back_at_the_message(self, worked_example, client):
        response = client.post(door(worked_example[1]), {"act": "confirm", "seen": 0})
        assert response.status_code == 302
        assert response.url.startswith("/admin/login/?next=")
        assert "/change/%3Fpage%3D1%23message-2" in response.url
        assert not Review.objects.exists()

    def test_customers_with_a_login_are_asked_for_one_of_staff(self, worked_example, reviewer):
        User.objects.update(is_staff=False)
        response = reviewer.post(door(worked_example[1]), {"act": "confirm", "seen": 0})
        assert response.url.startswith("/admin/login/")

    @pytest.mark.parametrize("method", ["get", "put", "delete"])
    def test_only_posts_are_taken(self, worked_example, reviewer, method):
        assert getattr(reviewer, method)(door(worked_example[0])).status_code == 405

    def test_a_post_from_another_site_is_refused(self, worked_example, reviewer):
        reviewer.handler.enforce_csrf_checks = True
        response = reviewer.post(door(worked_example[0]), {"act": "confirm", "seen": 0})
        assert response.status_code == 403
        assert not Review.objects.exists()


class TestPage:
    def test_hostile_texts_are_escaped(self, keyword_model, reviewer):
        message = add_message(conversation_id=HOSTILE, text=HOSTILE, message_id=HOSTILE)
        Tag.objects.create(name=HOSTILE[:64], description="x", stage=1)
        User.objects.filter(username="anna").update(username=HOSTILE)
        click(reviewer, message, toggle=HOSTILE[:64], note=HOSTILE)
        assert holding(message) == ({HOSTILE[:64]}, HOSTILE)
        told = click(reviewer, message, toggle=HOSTILE, note=HOSTILE)
        page = reviewer.get(page_of(HOSTILE)).content.decode()
        for html in (told, page):
            assert "<script>alert" not in html
            assert "<img src=x" not in html

    def test_needs_no_inline_script_or_style(self, worked_example, reviewer):
        html = reviewer.get(page_of()).content.decode()
        assert 'src="/static/conversations/review.js"' in html
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", html)
        assert not re.search(r"<[^>]+\s(style|on\w+)=", html)

    def test_a_tag_is_called_by_its_label_and_kept_by_its_name(self, worked_example, reviewer):
        tag = Tag.objects.get(name=HOT)
        tag.label = "Ready to buy"
        tag.save()
        assert f'value="{HOT}" aria-pressed="false">Ready to buy<' in shown(
            reviewer, worked_example[0]
        )
        assert "Saved: First-time-visitor, Ready to buy." in click(
            reviewer, worked_example[0], toggle=HOT
        )
        assert holding(worked_example[0]) == ({NEW, HOT}, "anna")

    def test_every_button_has_a_name_of_its_own_for_who_hears_it(self, worked_example, reviewer):
        html = shown(reviewer, worked_example[2])
        assert 'aria-label="Confirm message 3: First-time-visitor, Deal-seeker"' in html
        assert 'aria-label="Review of message 3"' in html

    def test_superusers_may_review_and_still_delete(self, worked_example, admin_client):
        click(admin_client, worked_example[0], act="confirm")
        assert Review.objects.get().actor == "admin"
        assert "/delete/" in admin_client.get(page_of()).content.decode()

    def test_number_of_queries_does_not_grow_with_messages_and_reviews(
        self, worked_example, reviewer
    ):
        for message in worked_example:
            reviewing.record(message=message, tags=[HOT], actor="anna")
        few = queries(lambda: reviewer.get(page_of()))
        for _ in range(15):
            message = add_message(conversation_id="shoes", text="I'm new, save it")
            for tags in ([HOT], [WISH]):
                review = reviewing.record(message=message, tags=tags, actor="anna")
            reviewing.withdraw(review=review, actor="ben")
        assert queries(lambda: reviewer.get(page_of())) == few
