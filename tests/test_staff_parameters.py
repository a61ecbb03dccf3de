"""No parameter of a list in the staff pages, whatever stands in it, ends in a 500."""

from itertools import cycle
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.urls import reverse

from classifier.models import Tag
from conversations.models import Conversation
from tests.conversations.posting import add_message

HOSTILE = (  # dealt out in turn; all with all, tried once by hand, take eight minutes
    *("9" * 30, "-1", "1.-2.x", "'\"; --", "{}", "2026-02-31", "99999", "💣" * 300, "a" * 3_000),
)
OF_EVERY_LIST = ("q", "o", "p", "e", "all", "_facets", "_popup", "_to_field", "_changelist_filters")
LOOKUPS = ("pk", "id__in", "id__isnull", "pk__gte", "nonsense", "nonsense__exact")


def parameters(page):
    """Those of every list, and the filters and dates of this one."""
    names = [*OF_EVERY_LIST, *LOOKUPS]
    for one in page.list_filter:
        if isinstance(one, str | tuple):
            field = one if isinstance(one, str) else one[0]
            names += [field, f"{field}__exact", f"{field}__isnull", f"{field}__id__exact"]
        elif getattr(one, "parameter_name", None):
            names.append(one.parameter_name)
        else:
            names += list(one.form.base_fields)
    if page.date_hierarchy:
        parts = ("year", "month", "day", "gte", "lt")
        names += [f"{page.date_hierarchy}__{part}" for part in parts]
    return names


PAGES = {model._meta.label_lower: page for model, page in admin.site._registry.items()}


@pytest.fixture
def odd_tag(db):
    """Of before names were checked."""
    return Tag.objects.create(name='a "b"; --c', description="odd", stage=9)


@pytest.fixture
def tagged(keyword_model, odd_tag):
    message = add_message(conversation_id="c", text="any discount?")
    Conversation.objects.filter(pk=message.conversation_id).update(tag=odd_tag)
    return message


@pytest.fixture
def browser(admin_client):
    admin_client.raise_request_exception = False  # a 500 is an answer too
    return admin_client


@pytest.mark.parametrize("label", PAGES)
def test_a_hostile_parameter_of_a_list_is_answered(tagged, browser, label):
    address = reverse(f"admin:{label.replace('.', '_')}_changelist")
    names = parameters(PAGES[label])
    tried = [(name, "a\0b") for name in names] + list(zip(names, cycle(HOSTILE), strict=False))
    tried += [(name, "9" * 30) for name in names if name.endswith(("year", "day"))]
    answers = {
        (name, value): browser.get(f"{address}?{urlencode({name: value})}").status_code
        for name, value in tried
    }
    assert {asked: status for asked, status in answers.items() if status >= 500} == {}
    assert {status for (_, value), status in answers.items() if "\0" in value} == {400}


@pytest.mark.parametrize("label", PAGES)
def test_a_nul_in_the_address_of_a_row_or_in_a_choice_of_rows_is_refused(tagged, browser, label):
    name = f"admin:{label.replace('.', '_')}"
    for page in ("change", "delete", "history"):
        address = reverse(f"{name}_{page}", args=["NUL"])
        for nul in ("%00", "_00"):  # as a path has it, and as Django's admin quotes it
            assert browser.get(address.replace("NUL", nul)).status_code < 500, address
    for action in ("delete_selected", "revoke", "activate", "stop", "\0"):
        for row in ("\0", "x"):
            chosen = {"action": action, "_selected_action": [row], "index": "\0"}
            assert browser.post(reverse(f"{name}_changelist"), chosen).status_code < 500, action


@pytest.mark.parametrize("facets", ["True", "False", ""])
def test_a_tag_with_an_odd_name_can_be_filtered_by_and_counted(tagged, browser, odd_tag, facets):
    address = reverse("admin:conversations_conversation_changelist")
    query = urlencode({"_facets": facets, "tag__name__exact": odd_tag.name})
    page = browser.get(f"{address}?{query}")
    assert page.status_code == 200
    assert page.context["cl"].result_count == 1


OTHERS = (
    "/admin/",
    "/admin/review/",
    "/admin/classifier/thresholdchange/add/",
    "/",
    "/admin/login/",
)


@pytest.mark.parametrize("address", OTHERS)
def test_a_nul_in_any_other_page_of_staff_is_answered(tagged, browser, address):
    for name in ("page", "next", "tag", "username", "text", "message", "\0"):
        assert browser.get(f"{address}?{urlencode({name: chr(0)})}").status_code < 500, name
        assert browser.post(address, {name: "\0", "do": "save"}).status_code < 500, name


def test_a_nul_in_the_address_of_a_page_is_answered(tagged, browser):
    pages = ("conversations/conversation/1/change/?page=%00", "auth/user/1/change/?_popup=%00")
    for page in (*pages, "autocomplete/?app_label=%00", "%00/", "r/1/%00/", "beez/%00/"):
        assert browser.get(f"/admin/{page}").status_code < 500, page


STRANGE = ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)")


@pytest.mark.parametrize("target", STRANGE)
@pytest.mark.django_db
def test_an_unsafe_next_leads_to_the_overview(client, django_user_model, target):
    django_user_model.objects.create_superuser("root", password="correct horse battery")
    signed_in = client.post(
        f"/admin/login/?{urlencode({'next': target})}",
        {"username": "root", "password": "correct horse battery", "next": target},
    )
    assert signed_in.url == "/admin/"
    assert client.get(signed_in.url).status_code == 200


@pytest.mark.parametrize("target", STRANGE)
def test_no_page_of_staff_redirects_to_a_strange_one(tagged, browser, target):
    wanted = urlencode({"next": target, "_next": target, "redirect": target, "return_to": target})
    pages = ("", "login/", "password_change/", "password_change/done/", "r/1/1/", "review/", "auth")
    for page in (*pages, "/evil.example", "/evil.example/", "classifier/tag", "logout/"):
        for answer in (
            browser.get(f"/admin/{page}?{wanted}"),
            browser.post(f"/admin/{page}?{wanted}", {"next": target}),
        ):
            assert "evil" not in answer.get("Location", "").split("?")[0], page
            assert answer.get("Location", "/").startswith("/")
            assert not answer.get("Location", "/").startswith(("//", "/\\"))
