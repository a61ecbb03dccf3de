"""The page at `/` where staff try messages."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from classifier import registry
from conversations.models import Message
from tests import keyword_model
from tests.conversations.conftest import WORKED_EXAMPLE

pytestmark = pytest.mark.django_db
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
HOSTILE = "<script>alert(1)</script> I want to buy it"


@pytest.fixture
def staff(db, client):
    client.force_login(User.objects.create(username="anna", is_staff=True))
    return client


def send(client, text, **fields):
    return client.post("/", {"text": text, **fields}, headers=HTML)


def test_staff_get_a_form_and_others_the_page_of_before(staff):
    assert "<textarea" in staff.get("/", headers=HTML).content.decode()
    assert "<textarea" not in Client().get("/", headers=HTML).content.decode()


def test_somebody_signed_in_who_is_no_staff_gets_the_page_of_before(client, keyword_model):
    client.force_login(User.objects.create(username="customer"))
    assert "<textarea" not in client.get("/", headers=HTML).content.decode()
    assert send(client, "I want to buy it").status_code == 405


def test_json_is_the_same_for_staff_as_for_others(staff):
    mine, others = staff.get("/"), Client().get("/")
    assert mine["Content-Type"] == "application/json"
    assert mine.json() == others.json()
    assert "POST /" not in mine.json()["endpoints"]


def test_nobody_else_gets_engine_time(keyword_model, api_client):
    for client in (Client(), api_client):
        answer = client.post("/", {"text": "I want to buy it"}, headers=HTML)
        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_a_post_without_the_token_of_the_form_is_refused(keyword_model):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(username="anna", is_staff=True))
    assert send(client, "I want to buy it").status_code == 403
    page = client.get("/", headers=HTML).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    assert send(client, "I want to buy it", csrfmiddlewaretoken=token).status_code == 200


def test_a_message_is_answered_with_tags_bars_and_thresholds_and_not_stored(staff, keyword_model):
    page = send(staff, "I want to buy it").content.decode()
    assert '<span class="tag-pill tag tag-hot-buyer">Hot-buyer</span>' in page
    assert "≥ 0.50" in page and "keywords-1" in page
    assert not Message.objects.exists()


def test_a_message_of_several_lines_is_one_message(staff, keyword_model):
    answer = send(staff, "I am new.\nI want to buy it")
    assert [one.tags for one in answer.context["entries"]] == [["First-time-visitor", "Hot-buyer"]]


def test_a_conversation_shows_the_switches_as_they_would_be_stored(staff, keyword_model):
    answer = send(staff, "\r\n".join(["", *WORKED_EXAMPLE, " "]), lines="on")
    entries = answer.context["entries"]
    assert [one.tried.step.tag for one in entries] == [
        "First-time-visitor",
        "Wishlist-user",
        "Deal-seeker",
        "Hot-buyer",
    ]
    page = answer.content.decode()
    assert page.count('class="switch-between"') == 3
    assert page.count('class="switch"') == 3  # in the timeline


def test_an_unsure_message_has_the_mark_and_says_why(staff, db, models_dir):
    keyword_model.build(
        models_dir, "unsure", words=keyword_model.SHIPPED_TAGS, review_band=(0.9, 0.99)
    )
    registry.activate(registry.register("unsure"))
    page = send(staff, "I want to buy it").content.decode()
    assert 'class="check-mark"' in page
    assert "It may or may not be Hot-buyer." in page
    assert 'class="check-mark"' not in send(staff, "hello").content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": ""}, "Write a message first."),
        ({"text": " \n "}, "Write a message first."),
        ({"text": "\n \n", "lines": "on"}, "Write a message first."),
        ({"text": "x" * 101}, "That is 101 characters; 100 are read at most"),
        ({"text": "\n".join("x" * 21), "lines": "on"}, "That is 21 messages; 20 are tried"),
        ({"text": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_bad_input_gets_a_sentence(staff, keyword_model, settings, fields, sentence):
    settings.MAX_MESSAGE_LENGTH = 100
    answer = send(staff, **fields)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()


def test_without_a_model_it_says_so_and_keeps_what_was_written(staff):
    answer = send(staff, "I want to buy it")
    page = answer.content.decode()
    assert answer.status_code == 503
    assert "No model is active yet" in page and "I want to buy it</textarea>" in page


def test_hostile_text_stays_text_and_the_page_obeys_the_policy(staff, keyword_model):
    page = send(staff, HOSTILE + "\n" + HOSTILE, lines="on").content.decode()
    assert "<script>alert" not in page
    assert not re.search(r"<style|<script(?![^>]* src=)|\sstyle=|\son\w+=|javascript:", page)


def test_no_cache_keeps_what_was_tried(staff, keyword_model):
    answer = send(staff, "I want to buy it")
    assert "no-store" in answer["Cache-Control"]
    assert {"Accept", "Cookie"} <= {name.strip() for name in answer["Vary"].split(",")}
