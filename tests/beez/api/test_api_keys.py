from datetime import timedelta

import pytest
from django.utils import timezone

from beez.api import keys
from beez.api.models import ApiKey

pytestmark = pytest.mark.django_db


def new_key(**changes):
    row, key = keys.create(name="shop", scopes=["classify", "read"])
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    return row, key


def test_a_key_is_found_by_itself_alone():
    row, key = new_key()
    assert keys.verify(key) == row
    for other in (
        key[:-1],
        key + "x",
        key.swapcase(),
        row.prefix,
        "",
        "bz_",
        key.replace("_", "-"),
    ):
        with pytest.raises(keys.InvalidKeyError, match="unknown"):
            keys.verify(other)


def test_only_prefix_and_hash_are_stored():
    row, key = new_key()
    secret = key.removeprefix(row.prefix)
    stored = str(ApiKey.objects.filter(pk=row.pk).values().get())
    assert key.startswith(row.prefix) and len(secret) > 40
    assert secret not in stored


def test_two_keys_never_share_a_secret():
    assert new_key()[1] != new_key()[1]


@pytest.mark.parametrize("scopes", [[], ["classify", "everything"]])
def test_a_key_needs_scopes_that_exist(scopes):
    with pytest.raises(ValueError, match="classify, read, correct, erase"):
        keys.create(name="shop", scopes=scopes)


def test_an_expired_key_opens_nothing():
    _, key = new_key(expires_at=timezone.now())
    with pytest.raises(keys.InvalidKeyError, match="expired"):
        keys.verify(key)


def test_a_key_that_expires_later_opens():
    row, key = new_key(expires_at=timezone.now() + timedelta(seconds=60))
    assert keys.verify(key) == row


def test_a_revoked_key_opens_nothing_and_keeps_the_time_of_the_first_revocation():
    row, key = new_key()
    keys.revoke(row)
    first = row.revoked_at
    keys.revoke(row)
    assert row.revoked_at == first is not None
    with pytest.raises(keys.InvalidKeyError, match="revoked"):
        keys.verify(key)


def test_verifying_costs_one_query(django_assert_num_queries):
    _, key = new_key()
    with django_assert_num_queries(1):
        keys.verify(key)
