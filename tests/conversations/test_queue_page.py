"""The page of the review queue: forms without a script, cards with one, and what may go wrong."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from classifier.models import Tag
from conversations import queue, reviewing
from conversations.erasure import erase
from conversations.models import Claim, Message, Review, Skip
from tests.conversations.conftest import DEAL, HOT, NEW, WISH
from tests.conversations.posting import add_message
from tests.conversations.waiting import wait

PAGE = "/admin/review/"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture(autouse=True)
def no_lot(monkeypatch):
    monkeypatch.setattr(queue, "RANDOM_SHARE", 0.0)


@pytest.fixture
def reviewer(staff):
    user = User.objects.get(username="anna")
    user.user_permissions.add(Permission.objects.get(codename="add_review"))
    return staff


@pytest.fixture
def two(keyword_model):
    """Two that wait: "buy" first, which the model finds a Hot-buyer's."""
    return [wait("buy", unsure=True), wait("hello")]


def shown(response):
    """The message on the page, the tags that stand chosen and the hidden fields."""
    html = response.content.decode()
    text = re.search(r'class="review-message".*?<p>(.*?)</p>', html, re.S)
    chosen = re.findall(r'name="tags" value="([^"]*)"[^>]* checked', html)
    return text and text[1], chosen


def fields(response):
    html = response.content.decode()
    return dict(re.findall(r'type="hidden" name="(message|seen)" value="(\d*)"', html))


def press(client, step, response, tags=(), **extra):
    return client.post(PAGE, {**fields(response), "do": step, "tags": list(tags)}, **extra)


class TestForms:
    def test_shows_the_message_with_two_before_it_and_the_tag_before(self, keyword_model, reviewer):
        for text in ("I'm new", "save it", "any discount", "I will buy"):
            message = wait(text, conversation_id="shoes")
        Message.objects.filter(pk=message.pk).update(unsure=True)
        html = reviewer.get(PAGE).content.decode()
        assert re.findall(r'"review-earlier"><p>(.*?)</p>', html) == ["save it", "any discount"]
        assert re.search(r"stood at <span[^>]*>Deal-seeker<", html)

    def test_presets_what_the_model_said_and_numbers_the_tags(self, two, reviewer):
        response = reviewer.get(PAGE)
        assert shown(response) == ("buy", [HOT])
        keys = re.findall(r'value="([\w-]+)" data-key="(\d)"', response.content.decode())
        assert [key for _, key in keys] == ["1", "2", "3", "4", "5"]
        assert keys[0][0] == NEW

    def test_a_tag_has_its_label_and_a_retired_one_is_not_asked(self, two, reviewer):
        Tag.objects.filter(name=HOT).update(label="Ready to buy")
        Tag.objects.filter(name=DEAL).update(retired_at=timezone.now())
        html = reviewer.get(PAGE).content.decode()
        assert "</kbd> Ready to buy</span>" in html
        assert f'value="{DEAL}"' not in html

    def test_only_nine_tags_have_a_key(self, two, reviewer):
        for number in range(6):
            Tag.objects.create(name=f"tag {number}", description="x", stage=90)
        html = reviewer.get(PAGE).content.decode()
        assert html.count('name="tags"') == 11
        assert html.count("data-key=") == 9

    def test_saves_and_leads_to_the_next(self, two, reviewer):
        response = press(reviewer, "save", reviewer.get(PAGE), [HOT])
        assert (response.status_code, response["Location"]) == (302, PAGE)
        review = Review.objects.get()
        assert (review.tags, review.agrees, review.chosen) == ([HOT], True, "unsure")
        assert review.actor == "anna"
        assert shown(reviewer.get(PAGE)) == ("hello", [])

    def test_no_tag_is_an_answer(self, two, reviewer):
        press(reviewer, "save", reviewer.get(PAGE))
        assert Review.objects.get().tags == []

    def test_skips(self, two, reviewer):
        press(reviewer, "skip", reviewer.get(PAGE))
        assert Skip.objects.get().actor == "anna"
        assert shown(reviewer.get(PAGE))[0] == "hello"

    def test_undo_returns_to_what_was_said(self, two, reviewer):
        press(reviewer, "save", reviewer.get(PAGE), [DEAL, WISH])
        press(reviewer, "undo", reviewer.get(PAGE))
        assert shown(reviewer.get(PAGE)) == ("buy", [WISH, DEAL])
        assert Review.objects.get().withdrawn_by == "anna"

    def test_undo_with_nothing_to_undo_says_so(self, two, reviewer):
        response = reviewer.post(PAGE, {"do": "undo"}, follow=True)
        assert "nothing to undo" in response.content.decode()

    def test_tells_how_far_one_has_come(self, two, reviewer):
        wait("cheaper", unsure=True)
        press(reviewer, "save", reviewer.get(PAGE))
        html = reviewer.get(PAGE).content.decode()
        assert "<strong>1</strong> today, <strong>1</strong> waits" in html
        assert '<progress max="2" value="1"' in html

    def test_counts_no_further_than_a_thousand(self, two, reviewer, monkeypatch):
        monkeypatch.setattr(queue, "COUNTED", 0)
        assert "more than <strong>" in reviewer.get(PAGE).content.decode()

    def test_the_header_leads_there_for_those_who_may(self, reviewer):
        link = '<a href="/admin/review/">'
        assert link in reviewer.get("/admin/").content.decode()
        User.objects.get().user_permissions.remove(Permission.objects.get(codename="add_review"))
        assert link not in reviewer.get("/admin/").content.decode()


class TestCards:
    def press(self, client, step, response, tags=()):
        return press(client, step, response, tags, headers={"X-Requested-With": "fetch"})

    def test_an_answer_brings_the_next_message_with_it(self, two, reviewer):
        response = self.press(reviewer, "save", reviewer.get(PAGE), [HOT])
        assert response.status_code == 200
        assert response.content.decode().startswith('\n<div id="review">')
        assert shown(response) == ("hello", [])
        assert shown(self.press(reviewer, "undo", response)) == ("buy", [HOT])

    def test_takes_few_statements(self, two, reviewer, django_assert_max_num_queries):
        response = reviewer.get(PAGE)
        with django_assert_max_num_queries(50):
            self.press(reviewer, "save", response, [HOT])

    def test_signed_out_it_is_led_away_and_nothing_is_stored(self, two, reviewer):
        response = reviewer.get(PAGE)
        reviewer.logout()
        answer = self.press(reviewer, "save", response, [HOT])
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")
        assert not Review.objects.exists()


class TestMeanwhile:
    def test_another_persons_answer_is_shown_and_only_replaced_knowingly(self, two, reviewer):
        response = reviewer.get(PAGE)
        reviewing.record(message=two[0], tags=[WISH], actor="ben")
        conflict = press(reviewer, "save", response, [DEAL])
        html = conflict.content.decode()
        assert conflict.status_code == 409
        assert "ben said meanwhile: Wishlist-user. Nothing was saved." in html
        assert re.search(r"ben said <span[^>]*>Wishlist-user<", html)
        assert shown(conflict) == ("buy", [DEAL])
        assert Review.objects.count() == 1
        assert press(reviewer, "save", conflict, [DEAL]).status_code == 302
        assert Message.objects.get(pk=two[0].pk).holding.tags == [DEAL]

    def test_the_same_answer_twice_is_one_review(self, two, reviewer):
        response = reviewer.get(PAGE)
        for _ in range(2):
            assert press(reviewer, "save", response, [HOT]).status_code == 302
        assert Review.objects.count() == 1

    @pytest.mark.parametrize("step", ["save", "skip"])
    def test_an_erased_conversation_is_said_and_the_next_comes(self, two, reviewer, step):
        response = reviewer.get(PAGE)
        erase(conversation_id="buy", actor="staff")
        reviewer.post(PAGE, {**fields(response), "do": step}, follow=True)
        html = press(reviewer, step, response, follow=True).content.decode()
        assert "has been erased meanwhile" in html
        assert "hello" in html

    def test_a_tag_that_was_deleted_is_said_and_the_message_comes_again(self, two, reviewer):
        response = press(reviewer, "save", reviewer.get(PAGE), ["Nobody", DEAL])
        assert response.status_code == 409
        assert "Unknown tags: Nobody." in response.content.decode()
        assert shown(response) == ("buy", [DEAL])
        assert not Review.objects.exists()

    def test_undone_while_another_person_has_the_skipped_one(self, two, reviewer):
        press(reviewer, "skip", reviewer.get(PAGE))
        assert queue.draw("ben").message == two[0]
        response = reviewer.post(PAGE, {"do": "undo"}, follow=True)
        assert "Somebody else has that message now." in response.content.decode()
        assert shown(response)[0] == "hello"

    def test_when_nothing_waits_it_says_so_and_leads_on(self, keyword_model, reviewer):
        html = reviewer.get(PAGE).content.decode()
        assert "Nothing waits" in html
        assert '<a href="/admin/conversations/conversation/">' in html

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"do": "explode"},
            {"do": "save"},
            {"do": "save", "message": "x", "seen": "y"},
            {"do": "skip", "message": "9" * 40},
            {"do": "save", "message": "¹", "tags": "\0"},
        ],
    )
    def test_nonsense_stores_nothing_and_fails_nobody(self, two, reviewer, body):
        response = reviewer.post(PAGE, body, follow=True)
        assert response.status_code == 200
        assert "review-notice" in response.content.decode()
        assert not Review.objects.exists()

    def test_a_message_that_the_queue_never_showed_is_not_answered_here(self, two, reviewer):
        other = add_message(conversation_id="other", text="hi")
        reviewer.post(PAGE, {"do": "save", "message": other.pk})
        assert not Review.objects.exists()


class TestWhoMay:
    def test_staff_without_the_permission_may_not(self, two, staff):
        assert staff.get(PAGE).status_code == 403
        assert staff.post(PAGE, {"do": "undo"}).status_code == 403
        assert not Claim.objects.exists()

    @pytest.mark.parametrize("missing", ["add_review", "view_conversation"])
    def test_it_takes_both_to_read_and_to_review(self, two, reviewer, missing):
        User.objects.get().user_permissions.remove(Permission.objects.get(codename=missing))
        assert reviewer.get(PAGE).status_code == 403

    def test_others_sign_in_first(self, client, db):
        assert client.get(PAGE)["Location"].startswith("/admin/login/")

    def test_a_form_from_elsewhere_is_refused(self, two, reviewer):
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = reviewer.cookies
        assert strict.post(PAGE, {"do": "undo"}).status_code == 403


class TestHostileText:
    @pytest.fixture
    def html(self, keyword_model, reviewer):
        Tag.objects.create(name=HOSTILE[:64], description=HOSTILE, stage=1)
        for _ in range(3):
            message = wait(HOSTILE, conversation_id=HOSTILE)
        Message.objects.exclude(pk=message.pk).update(sampled=True)
        page = reviewer.get(PAGE)
        reviewing.record(message=message, tags=[HOSTILE[:64]], actor=HOSTILE)
        return page.content.decode() + press(reviewer, "save", page).content.decode()

    def test_is_escaped_everywhere(self, html):
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert html.count("&lt;script&gt;alert(1)") >= 12

    def test_page_needs_no_inline_script_or_style(self, html):
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", html)
        assert not re.search(r"<[^>]+\s(style|on\w+)=", re.sub(r"&lt;.*?&gt;", "", html))
        assert "<style" not in html
