"""A person hands out only scopes whose powers the person has; keys end from their own page."""

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from beez.api import keys, powers
from beez.api.models import ApiKey

pytestmark = pytest.mark.django_db
ADD = "/admin/beez/apikey/add/"


@pytest.fixture
def keymaker(client, django_user_model):
    """A staff account with nothing but the right to make keys, and to change them."""
    user = django_user_model.objects.create_user("keymaker", is_staff=True)
    codenames = ["add_apikey", "change_apikey", "view_apikey"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    return client


@pytest.fixture
def operator(client, django_user_model):
    user = django_user_model.objects.create_user("op", is_staff=True)
    user.groups.add(Group.objects.get(name="Operator"))
    client.force_login(user)
    return client


def make(client, *scopes, name="shop"):
    data = {"name": name, "scopes": list(scopes), "expires_at_0": "", "expires_at_1": ""}
    return client.post(ADD, data)


def test_every_scope_has_its_powers_and_each_is_a_permission_that_exists():
    assert set(powers.POWERS) == set(ApiKey.Scope.values)
    known = {
        f"{one.content_type.app_label}.{one.codename}"
        for one in Permission.objects.select_related("content_type")
    }
    named = {one for several in powers.POWERS.values() for one in several}
    assert named - {powers.SUPERUSER} <= known and powers.SUPERUSER not in known


@pytest.mark.parametrize("scope", ApiKey.Scope.values)
def test_who_may_only_make_keys_makes_none(keymaker, scope):
    page = make(keymaker, scope).content.decode()
    assert "Your account may not do" in page and "is not one of the available choices" in page
    assert not ApiKey.objects.exists()


def test_an_operator_hands_out_reading_and_classifying_and_nothing_else(operator):
    assert make(operator, "read", "classify").status_code == 302
    for scope in ("correct", "erase", "configure"):
        assert make(operator, scope, "read").status_code == 200
    assert [row.scopes for row in ApiKey.objects.all()] == [["classify", "read"]]
    page = operator.get(ADD).content.decode()
    assert "so a superuser gives them: configure, correct, erase." in page


def test_a_superuser_hands_out_everything(admin_client):
    assert make(admin_client, *ApiKey.Scope.values).status_code == 302


def test_a_key_of_more_powers_than_ones_own_can_be_revoked_but_not_rotated(operator):
    row, _ = keys.create(name="shop", scopes=["read", "erase"])
    rotate = reverse("admin:beez_apikey_rotate", args=[row.pk])
    assert operator.post(rotate, {"days": 7}).status_code == 403
    assert ApiKey.objects.count() == 1
    operator.post(reverse("admin:beez_apikey_revoke", args=[row.pk]))
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_a_key_is_rotated_on_its_own_page_and_the_new_one_is_shown_once(operator):
    row, old = keys.create(name="shop", scopes=["read"])
    own = reverse("admin:beez_apikey_change", args=[row.pk])
    rotate = reverse("admin:beez_apikey_rotate", args=[row.pk])
    assert rotate in operator.get(own).content.decode()
    page = operator.post(rotate, {"days": 3}, follow=True).content.decode()
    (new,) = set(re.findall(r"bz_[0-9a-f]{8}_[\w-]{43}", page))
    assert keys.verify(new).name == "shop" and keys.verify(old) == row
    again = operator.post(rotate, {"days": 3}, follow=True).content.decode()
    assert "It was rotated already." in again
    assert ApiKey.objects.count() == 2


def test_revoking_on_the_page_of_a_key_asks_first_and_says_how_soon_it_holds(operator):
    row, key = keys.create(name="shop", scopes=["read"])
    revoke = reverse("admin:beez_apikey_revoke", args=[row.pk])
    assert "within two seconds" in operator.get(revoke).content.decode()
    assert keys.verify(key) == row
    operator.post(revoke)
    with pytest.raises(keys.InvalidKeyError, match="revoked"):
        keys.verify(key)
    own = operator.get(reverse("admin:beez_apikey_change", args=[row.pk])).content.decode()
    assert revoke not in own


@pytest.mark.parametrize("name", ["a\u202eb", "a\u2028b", "a\x07b"])
def test_a_name_with_invisible_characters_is_refused_in_the_form(admin_client, name):
    assert make(admin_client, "read", name=name).status_code == 200
    assert not ApiKey.objects.exists()


def test_who_may_change_accounts_and_is_no_superuser_makes_nobody_more(client, django_user_model):
    user = django_user_model.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    client.force_login(user)
    change = reverse("admin:auth_user_change", args=[user.pk])
    assert client.post(change, {"username": "clerk", "is_superuser": "on"}).status_code == 403
    user.refresh_from_db()
    assert not user.is_superuser
