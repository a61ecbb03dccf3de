import re

import pytest
from django.urls import reverse

from beez.api import keys
from beez.api.models import ApiKey

pytestmark = pytest.mark.django_db
LIST = "admin:beez_apikey_changelist"


def add(admin_client, **changes):
    data = {"name": "shop", "scopes": ["read"], "expires_at_0": "", "expires_at_1": ""} | changes
    return admin_client.post(reverse("admin:beez_apikey_add"), data, follow=True)


def test_a_new_key_is_shown_exactly_once(admin_client):
    page = add(admin_client).content.decode()
    (key,) = set(re.findall(r"bz_[0-9a-f]{8}_[\w-]{43}", page))
    assert keys.verify(key).scopes == ["read"]
    assert ApiKey.objects.count() == 1
    for path in (
        reverse(LIST),
        reverse("admin:beez_apikey_change", args=[ApiKey.objects.get().pk]),
    ):
        again = admin_client.get(path).content.decode()
        assert key not in again and key[:11] in again


@pytest.mark.parametrize("changes", [{"scopes": []}, {"scopes": ["everything"]}, {"name": ""}])
def test_a_key_that_makes_no_sense_is_not_made(admin_client, changes):
    assert add(admin_client, **changes).context["errors"]
    assert not ApiKey.objects.exists()


def test_a_key_can_be_revoked(admin_client):
    row, key = keys.create(name="shop", scopes=["read"])
    choice = {"action": "revoke", "_selected_action": [row.pk]}
    page = admin_client.post(reverse(LIST), choice, follow=True).content.decode()
    assert "Revoked: shop." in page
    with pytest.raises(keys.InvalidKeyError, match="revoked"):
        keys.verify(key)


def test_a_key_can_be_neither_edited_nor_deleted(admin_client):
    row, _ = keys.create(name="shop", scopes=["read"])
    change = reverse("admin:beez_apikey_change", args=[row.pk])
    assert admin_client.post(change, {"name": "other", "scopes": ["erase"]}).status_code == 403
    delete = reverse("admin:beez_apikey_delete", args=[row.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    row.refresh_from_db()
    assert (row.name, row.scopes) == ("shop", ["read"])
