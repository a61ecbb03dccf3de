"""Staff see the thresholds in force and every change, what one would do, and change or reset it."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from classifier.models import ThresholdChange
from classifier.threshold_page import ALL_TAGS
from classifier.thresholds import change, overrides
from conversations.models import Message
from conversations.reviewing import record
from conversations.staff import page
from tests.conversations.posting import add_message

PAGE = reverse("admin:classifier_thresholdchange_changelist")
ADD = reverse("admin:classifier_thresholdchange_add")
HOT, DEAL = "Hot-buyer", "Deal-seeker"


@pytest.fixture
def staff(client, django_user_model):
    """Signs in a member of staff with the given permissions on thresholds."""

    def sign_in(*actions):
        user = django_user_model.objects.create_user("anna", password="x", is_staff=True)
        codenames = [f"{action}_thresholdchange" for action in actions]
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client.force_login(user)
        return client

    return sign_in


def in_force(client):
    """{tag: its other cells} of the table on top."""
    html = client.get(PAGE).content.decode()
    table = html[html.index('class="thresholds"') : html.index("Every change")]
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in re.split("<tr", table)]
    plain = [[re.sub(r"<[^>]+>", "", cell) for cell in row] for row in cells[2:]]
    return {row[0]: row[1:] for row in plain}


def post(client, **data):
    """What is typed, shown and then saved."""
    return ask(client, **data, confirm="yes")


def ask(client, **data):
    """What is typed, to be shown first."""
    return client.post(ADD, {"tag": "", "value": "", "note": "", **data}, follow=True)


def test_the_page_says_what_decides_and_where_it_comes_from(admin_client, keyword_model):
    change(values={HOT: 0.9}, actor="ada")
    assert in_force(admin_client)[HOT] == ["0.9000", "set for this tag", "0.5000", "Change · Reset"]
    assert in_force(admin_client)[DEAL] == ["0.5000", "chosen by the model", "0.5000", "Change"]
    change(values={None: 0.6}, actor="ada")
    assert in_force(admin_client)[DEAL][:2] == ["0.6000", "set for all tags together"]
    assert in_force(admin_client)[ALL_TAGS][3] == "Change · Reset"


def test_the_page_explains_itself_without_machine_learning(admin_client, keyword_model):
    html = admin_client.get(PAGE).content.decode()
    assert "Higher: fewer, surer tags. Lower: more tags, more mistakes." in html
    assert "goes on holding when another model goes live" in html


def test_without_a_model_the_page_says_so(admin_client, models_dir):
    assert "No model is live yet" in admin_client.get(PAGE).content.decode()


def test_a_threshold_is_set_in_the_name_of_the_user(keyword_model, staff):
    client = staff("view", "add")
    response = post(client, tag=HOT, value="0.7", note="fewer")
    assert response.redirect_chain[-1][0] == PAGE
    row = ThresholdChange.objects.get()
    assert (row.tag_id, row.value, row.note, row.actor) == (HOT, 0.7, "fewer", "anna")


def test_all_tags_together_are_set_where_no_tag_is_chosen(admin_client, keyword_model):
    post(admin_client, value="0.7")
    assert overrides().threshold == 0.7


def test_reset_takes_back_what_was_set(admin_client, keyword_model):
    change(values={HOT: 0.9}, actor="ada")
    html = admin_client.get(f"{ADD}?tag={HOT}&reset=1").content.decode()
    assert f'<option value="{HOT}" selected>' in html
    assert re.search(r'<input type="checkbox" name="reset"[^>]* checked>', html)
    post(admin_client, tag=HOT, reset="on")
    assert overrides().tags == {}
    assert in_force(admin_client)[HOT][0] == "0.5000"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "a new threshold or tick the reset"),
        ({"value": "0.7", "reset": "on"}, "a new threshold or tick the reset"),
        ({"value": "1"}, "between 0 and 1"),
        ({"value": "-1"}, "between 0 and 1"),
        ({"value": "nan"}, "Enter a number"),
        ({"value": "high"}, "Enter a number"),
        ({"tag": "Nobody", "value": "0.7"}, "Select a valid choice"),
        ({"value": "0.7", "note": "x" * 501}, "at most 500 characters"),
    ],
)
def test_what_is_no_change_is_told_and_stores_nothing(admin_client, keyword_model, data, sentence):
    assert sentence in post(admin_client, **data).content.decode()
    assert not ThresholdChange.objects.exists()


class TestBeforeItIsSaved:
    @pytest.fixture
    def stored(self, keyword_model):
        """Three messages with the tag Hot-buyer, at 0.95, and one without, at 0.05."""
        for text in ("I want to buy", "my order", "<b>checkout</b>", "hello"):
            add_message(conversation_id="shop <7>", text=text)

    def test_the_page_says_what_it_would_do_and_stores_nothing(self, admin_client, stored):
        html = ask(admin_client, tag=HOT, value="0.97", note="fewer").content.decode()
        assert "3 messages would lose the tag; 3 have it now." in html
        assert "Nobody has reviewed any of them" in html
        assert "the last 4 stored messages" in html
        assert not ThresholdChange.objects.exists()

    def test_a_lower_threshold_gives_the_tag(self, admin_client, stored):
        html = ask(admin_client, tag=HOT, value="0.03").content.decode()
        assert "1 message would gain the tag; 3 have it now." in html

    def test_what_was_reviewed_becomes_right_or_wrong(self, admin_client, stored):
        first, second = Message.objects.order_by("pk")[:2]
        record(message=first, tags=[HOT], actor="a")
        record(message=second, tags=[], actor="a")
        html = ask(admin_client, tag=HOT, value="0.97").content.decode()
        assert "Of 2 that staff have reviewed, 1 becomes right and 1 becomes wrong." in html

    def test_examples_lead_to_the_messages_and_stay_text(self, admin_client, stored):
        html = ask(admin_client, tag=HOT, value="0.97").content.decode()
        message = Message.objects.order_by("pk")[2]
        place = page.address(message.conversation_id, message.position)
        assert f'<a href="{place}">&lt;b&gt;checkout&lt;/b&gt;</a>' in html

    def test_who_may_not_read_messages_sees_counts_alone(self, staff, stored):
        html = ask(staff("view", "add"), tag=HOT, value="0.97").content.decode()
        assert "3 messages would lose the tag" in html
        assert "checkout" not in html

    def test_a_reset_is_shown_too(self, admin_client, stored):
        change(values={HOT: 0.97}, actor="ada")
        html = ask(admin_client, tag=HOT, reset="on").content.decode()
        assert "0.9700 → 0.5000" in html
        assert "3 messages would gain the tag" in html

    def test_all_tags_are_shown_but_for_those_with_one_of_their_own(self, admin_client, stored):
        change(values={HOT: 0.9}, actor="ada")
        html = ask(admin_client, value="0.97").content.decode()
        assert html.count('<section class="effect') == 4
        assert "has a threshold of its own and keeps it" in html

    def test_what_changes_nothing_says_so(self, admin_client, stored):
        assert "Nothing would change" in ask(admin_client, tag=HOT, value="0.5").content.decode()

    def test_without_messages_nothing_can_be_told(self, admin_client, keyword_model):
        html = ask(admin_client, tag=HOT, value="0.97").content.decode()
        assert "No messages are stored yet" in html

    def test_without_a_model_nothing_can_be_told_and_it_can_be_saved(self, admin_client, db):
        html = ask(admin_client, tag=HOT, value="0.97").content.decode()
        assert "No model is live" in html
        assert 'name="confirm"' in html

    def test_saving_sends_what_was_shown(self, admin_client, stored):
        html = ask(admin_client, tag=HOT, value="0.97", note="<fewer>").content.decode()
        form = html[html.index('<form method="post">') :]
        fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)
        sent = {name: unescape(value) for name, value in fields}
        assert admin_client.post(ADD, sent).status_code == 302
        row = ThresholdChange.objects.get()
        assert (row.tag_id, row.value, row.note) == (HOT, 0.97, "<fewer>")

    def test_the_way_back_keeps_what_was_typed(self, admin_client, stored):
        html = ask(admin_client, tag=HOT, value="0.97", note="a & b").content.decode()
        back = unescape(re.search(r'class="closelink" href="([^"]+)"', html).group(1))
        form = admin_client.get(back).content.decode()
        assert 'value="0.97"' in form
        assert 'value="a &amp; b"' in form
        assert f'<option value="{HOT}" selected>' in form

    def test_who_may_only_look_is_shown_nothing(self, staff, stored):
        assert ask(staff("view"), tag=HOT, value="0.97").status_code == 403


def test_who_may_only_look_sees_no_way_to_change_and_has_none(keyword_model, staff):
    client = staff("view")
    assert in_force(client)[HOT] == ["0.5000", "chosen by the model", "0.5000"]
    assert client.post(ADD, {"value": "0.7"}).status_code == 403
    assert not ThresholdChange.objects.exists()


def test_without_the_permission_nothing_is_seen(keyword_model, staff):
    assert staff().get(PAGE).status_code == 403


def test_the_history_is_read_only_even_for_superusers(admin_client, keyword_model):
    (row,) = change(values={HOT: 0.9}, actor="ada", note="fewer <b>")
    address = reverse("admin:classifier_thresholdchange_change", args=[row.pk])
    assert "fewer &lt;b&gt;" in admin_client.get(address).content.decode()
    assert admin_client.post(address, {"value": "0.1"}).status_code == 403
    delete = reverse("admin:classifier_thresholdchange_delete", args=[row.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403


def test_no_page_needs_inline_scripts_or_styles(admin_client, keyword_model):
    (row,) = change(values={HOT: 0.9}, actor="ada")
    address = reverse("admin:classifier_thresholdchange_change", args=[row.pk])
    add_message(conversation_id="c", text="buy")
    shown = ask(admin_client, value="0.97")
    for response in (shown, *map(admin_client.get, (PAGE, ADD, address))):
        html = response.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", html)
        assert not re.search(r"<style|\sstyle=|\son\w+=", html)
