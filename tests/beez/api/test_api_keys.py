from datetime import timedelta

import pytest
from django.utils import timezone

from beez import api_keys
from beez.models import ApiKey

pytestmark = pytest.mark.django_db


def new_key(**changes):
    row, key = api_keys.create(name="shop", scopes=["classify", "read"])
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    return row, key


def test_a_key_is_found_by_itself_alone():
    row, key = new_key()
    assert api_keys.verify(key) == row
    for other in (
        key[:-1],
        key + "x",
        key.swapcase(),
        row.prefix,
        "",
        "bz_",
        key.replace("_", "-"),
    ):
        with pytest.raises(api_keys.InvalidKeyError, match="unknown"):
            api_keys.verify(other)


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
        api_keys.create(name="shop", scopes=scopes)


def test_an_expired_key_opens_nothing():
    _, key = new_key(expires_at=timezone.now())
    with pytest.raises(api_keys.InvalidKeyError, match="expired"):
        api_keys.verify(key)


def test_a_key_that_expires_later_opens():
    row, key = new_key(expires_at=timezone.now() + timedelta(seconds=60))
    assert api_keys.verify(key) == row


def test_a_revoked_key_opens_nothing_and_keeps_the_time_of_the_first_revocation():
    row, key = new_key()
    api_keys.revoke(row)
    first = row.revoked_at
    api_keys.revoke(row)
    assert row.revoked_at == first is not None
    with pytest.raises(api_keys.InvalidKeyError, match="revoked"):
        api_keys.verify(key)


def test_verifying_costs_one_query(django_assert_num_queries):
    _, key = new_key()
    with django_assert_num_queries(1):
        api_keys.verify(key)


def test_the_last_use_is_written_once_a_minute(django_assert_num_queries):
    row, key = new_key()
    api_keys.note_use(row)
    used = api_keys.verify(key)
    assert timezone.now() - used.last_used_at < timedelta(seconds=10)
    with django_assert_num_queries(0):
        api_keys.note_use(used)


def test_a_use_after_a_minute_is_written_by_one_of_many_processes():
    row, key = new_key(last_used_at=timezone.now() - timedelta(minutes=2))
    seen_by_another = ApiKey.objects.get(pk=row.pk)
    api_keys.note_use(row)
    first = api_keys.verify(key).last_used_at
    api_keys.note_use(seen_by_another)
    assert api_keys.verify(key).last_used_at == first > row.last_used_at
