"""Webhooks in the staff pages."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from beez.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.beez.webhooks.conftest import deliver, switch

LIST = "/admin/beez/webhookendpoint/"
NEW = {"url": "https://shop.example/hook", "name": "crm", "kinds": ["model.activated"]}


@pytest.fixture
def operator(client, django_user_model):
    user = django_user_model.objects.create_user("olga", is_staff=True)
    user.groups.add(Group.objects.get(name="Operator"))
    client.force_login(user)
    return client


def button(client, endpoint, name, **values):
    address = reverse(f"admin:beez_webhookendpoint_{name}", args=[endpoint.pk])
    return client.post(address, values, follow=True).content.decode()


def test_an_operator_makes_one_and_sees_its_secret_once(operator):
    page = operator.post(f"{LIST}add/", NEW, follow=True).content.decode()
    made = WebhookEndpoint.objects.get()
    assert made.secret in page
    for address in (LIST, f"{LIST}{made.pk}/change/"):
        assert made.secret not in operator.get(address).content.decode()


@pytest.mark.parametrize("wrong", [{"url": "https://u:p@shop.example/"}, {"kinds": []}])
def test_what_cannot_be_is_refused_in_the_form(operator, wrong):
    page = operator.post(f"{LIST}add/", NEW | wrong)
    assert "errorlist" in page.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_it_is_changed_and_switched_off(operator, endpoint):
    switch()
    values = NEW | {"tags": ["Hot-buyer"], "with_text": "on"}  # `enabled` is not ticked
    operator.post(f"{LIST}{endpoint.pk}/change/", values)
    endpoint.refresh_from_db()
    assert (endpoint.tags, endpoint.with_text, endpoint.enabled) == (["Hot-buyer"], True, False)
    assert WebhookDelivery.objects.get().state == "dead"


def test_its_page_shows_what_came_of_telling_and_replays_it(operator, endpoint, receiver):
    receiver.answer = lambda got: 418
    switch("shoes<b>")
    deliver()
    WebhookDelivery.objects.update(state="dead")
    page = operator.get(f"{LIST}{endpoint.pk}/change/").content.decode()
    assert "Answered 418." in page
    assert "shoes&lt;b&gt;" in page
    assert "1 dead letter will be tried again." in button(operator, endpoint, "replay")
    assert WebhookDelivery.objects.get().state == "waiting"


def test_one_dead_letter_of_several_is_replayed(operator, endpoint):
    switch("a")
    switch("b")
    WebhookDelivery.objects.update(state="dead")
    first = WebhookDelivery.objects.order_by("pk").first()
    button(operator, endpoint, "replay", delivery=first.pk)
    assert WebhookDelivery.objects.get(state="waiting") == first


def test_buttons_send_a_test_event_and_rotate_the_secret(operator, endpoint, receiver):
    assert "on its way" in button(operator, endpoint, "test")
    deliver()
    assert receiver.got[0].event["type"] == "webhook.test"
    page = button(operator, endpoint, "rotate")
    old = endpoint.secret
    endpoint.refresh_from_db()
    assert endpoint.secret != old
    assert endpoint.secret in page


def test_its_removal_is_asked_in_numbers_and_takes_everything(operator, endpoint):
    switch()
    page = operator.get(f"{LIST}{endpoint.pk}/delete/").content.decode()
    assert "with 1 delivery and their log" in page
    operator.post(f"{LIST}{endpoint.pk}/delete/", {"post": "yes"})
    assert not WebhookEndpoint.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_who_may_only_look_gets_no_button_and_no_door(client, endpoint, django_user_model):
    from django.contrib.auth.models import Permission

    user = django_user_model.objects.create_user("vera", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_webhookendpoint"))
    client.force_login(user)
    page = client.get(f"{LIST}{endpoint.pk}/change/").content.decode()
    assert "Rotate" not in page
    for name in ("test", "replay", "rotate"):
        address = reverse(f"admin:beez_webhookendpoint_{name}", args=[endpoint.pk])
        assert client.post(address).status_code == 403
