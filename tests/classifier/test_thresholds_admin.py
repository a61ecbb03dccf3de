"""Staff see the thresholds in force and every change, and change or reset one."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from classifier.models import ThresholdChange
from classifier.threshold_page import ALL_TAGS
from classifier.thresholds import change, overrides

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
    for response in map(admin_client.get, (PAGE, ADD, address)):
        html = response.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", html)
        assert not re.search(r"<style|\sstyle=|\son\w+=", html)
