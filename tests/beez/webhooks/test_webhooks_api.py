"""The webhook routes: what they take, answer and refuse."""

import pytest
from rest_framework.test import APIClient
from standardwebhooks import Webhook

from beez.api import keys
from beez.api.models import ApiKey
from beez.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.beez.webhooks.conftest import deliver, switch

NEW = {"url": "https://shop.example/hook", "events": ["conversation.tag_switched"]}


def create(client, **values):
    return client.post("/webhooks", NEW | values, format="json")


def test_a_webhook_is_made_and_its_secret_shown_once(api_client):
    answer = create(api_client, name="crm", tags=["Hot-buyer", "Hot-buyer"])
    assert answer.status_code == 201
    made = answer.json()
    assert made["secret"].startswith("whsec_")
    shown = api_client.get(f"/webhooks/{made['id']}").json()
    assert shown == {key: value for key, value in made.items() if key != "secret"}
    assert shown["tags"] == ["Hot-buyer"]
    assert api_client.get("/webhooks").json() == {"webhooks": [shown]}
    assert made["secret"] not in api_client.get("/webhooks").content.decode()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": "ftp://shop.example"}, "url"),
        ({"url": 7}, "url"),
        ({"events": []}, "events"),
        ({"events": ["conversation.tag_swiched"]}, "events"),
        ({"events": ["webhook.test"]}, "events"),
        ({"tags": ["Hot-buyr"]}, "tags"),
        ({"with_text": "perhaps"}, "with_text"),
        ({"secret": "whsec_mine"}, "secret"),
        ({"name": "a\0b"}, "name"),
    ],
)
def test_what_cannot_be_is_refused_by_name(api_client, values, field):
    answer = create(api_client, **values)
    assert answer.status_code == 400
    assert next(iter(answer.json()["error"]["fields"])).startswith(field)
    assert not WebhookEndpoint.objects.exists()


def test_a_change_leaves_the_rest_as_it_is(api_client, endpoint):
    answer = api_client.patch(f"/webhooks/{endpoint.pk}", {"tags": ["Hot-buyer"]}, format="json")
    assert answer.json()["tags"] == ["Hot-buyer"]
    assert answer.json()["url"] == endpoint.url
    bad = api_client.patch(f"/webhooks/{endpoint.pk}", {"events": []}, format="json")
    assert bad.status_code == 400


def test_switched_off_it_hears_nothing_and_what_waited_can_be_replayed(
    api_client, endpoint, receiver
):
    switch()
    path = f"/webhooks/{endpoint.pk}"
    off = api_client.patch(path, {"enabled": False}, format="json").json()
    assert (off["enabled"], off["waiting"], off["dead"]) == (False, 0, 1)
    assert api_client.post(f"{path}/replay", {}, format="json").status_code == 409
    assert api_client.post(f"{path}/test").status_code == 409
    assert switch() == 0
    api_client.patch(path, {"enabled": True}, format="json")
    assert api_client.post(f"{path}/replay", {}, format="json").json() == {"replayed": 1}
    deliver()
    assert len(receiver.got) == 1


def test_the_deliveries_tell_what_came_of_each(api_client, endpoint, receiver):
    receiver.answer = lambda got: 500 if got.data["conversation_id"] == "b" else 200
    for conversation in "abc":
        switch(conversation)
    deliver()
    path = f"/webhooks/{endpoint.pk}/deliveries"
    page = api_client.get(path, {"limit": 2}).json()
    assert [row["conversation_id"] for row in page["deliveries"]] == ["c", "b"]
    rest = api_client.get(path, {"limit": 2, "cursor": page["next"]}).json()
    assert [row["conversation_id"] for row in rest["deliveries"]] == ["a"]
    assert rest["next"] is None
    (waiting,) = api_client.get(path, {"state": "waiting"}).json()["deliveries"]
    (attempt,) = waiting["attempts"]
    assert (attempt["number"], attempt["status"]) == (1, 500)
    assert waiting["due_at"] > waiting["queued_at"]


def test_single_dead_letters_are_replayed(api_client, endpoint):
    for conversation in "ab":
        switch(conversation)
    WebhookDelivery.objects.update(state="dead")
    first = WebhookDelivery.objects.order_by("pk").first()
    answer = api_client.post(
        f"/webhooks/{endpoint.pk}/replay", {"deliveries": [first.pk]}, format="json"
    )
    assert answer.json() == {"replayed": 1}
    empty = api_client.post(f"/webhooks/{endpoint.pk}/replay", {"deliveries": []}, format="json")
    assert empty.status_code == 400


def test_a_new_secret_signs_and_a_test_event_arrives(api_client, endpoint, receiver):
    secret = api_client.post(f"/webhooks/{endpoint.pk}/secret").json()["secret"]
    assert secret != endpoint.secret
    assert api_client.post(f"/webhooks/{endpoint.pk}/test").status_code == 202
    deliver()
    assert Webhook(secret).verify(receiver.got[0].body, receiver.got[0].headers)


def test_a_removed_one_is_gone(api_client, endpoint):
    switch()
    assert api_client.delete(f"/webhooks/{endpoint.pk}").status_code == 204
    assert api_client.get(f"/webhooks/{endpoint.pk}").status_code == 404
    assert api_client.get("/webhooks/99999999999999999999999").status_code == 404
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/webhooks"),
        ("post", "/webhooks"),
        ("get", "/webhooks/1"),
        ("patch", "/webhooks/1"),
        ("delete", "/webhooks/1"),
        ("post", "/webhooks/1/secret"),
        ("post", "/webhooks/1/test"),
        ("post", "/webhooks/1/replay"),
        ("get", "/webhooks/1/deliveries"),
    ],
)
def test_each_route_needs_the_scope_webhooks(db, method, path):
    _, key = keys.create(name="k", scopes={*ApiKey.Scope.values} - {"webhooks"})
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert getattr(client, method)(path).status_code == 403
