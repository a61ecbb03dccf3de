from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from beez.api import keys
from beez.api.models import ApiKey

pytestmark = pytest.mark.django_db


def test_create_prints_the_key_alone_on_standard_output(capsys):
    call_command("api_key", "create", "shop", "--scopes", "classify, read")
    printed = capsys.readouterr()
    row = keys.verify(printed.out.removesuffix("\n"))
    assert (row.name, row.scopes, row.expires_at) == ("shop", ["classify", "read"], None)
    assert "shown only now" in printed.err


def test_a_key_can_expire(capsys):
    call_command("api_key", "create", "shop", "--scopes", "read", "--expires-days", "30")
    left = ApiKey.objects.get().expires_at - timezone.now()
    assert timedelta(days=29) < left <= timedelta(days=30)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--scopes", "everything"], "Unknown scope .everything."),
        (["--scopes", ","], "none given"),
        (["--scopes", "read", "--expires-days", "0"], "from 1 on"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("api_key", "create", "shop", *arguments)
    assert not ApiKey.objects.exists()


def test_list_shows_every_state_and_no_secret(capsys):
    made = {}
    for name in ("valid", "revoked", "expired"):
        row, made[name] = keys.create(name=f"{name} shop", scopes=["read"])
        if name == "revoked":
            keys.revoke(row)
    ApiKey.objects.filter(name="expired shop").update(expires_at=timezone.now())
    call_command("api_key", "list")
    lines = {line.split()[-2]: line for line in capsys.readouterr().out.splitlines()}
    for name, key in made.items():
        assert lines[name].split()[1] == name
        assert key[:11] in lines[name] and key[12:] not in lines[name]


def test_revoke_closes_the_key(capsys):
    row, key = keys.create(name="shop", scopes=["read"])
    call_command("api_key", "revoke", row.prefix)
    with pytest.raises(keys.InvalidKeyError):
        keys.verify(key)


def test_revoke_names_a_prefix_that_does_not_exist():
    with pytest.raises(CommandError, match="bz_00000000"):
        call_command("api_key", "revoke", "bz_00000000")
