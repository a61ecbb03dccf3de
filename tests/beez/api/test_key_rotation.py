"""A key is rotated: a new one beside it, and the old one ends after the overlap, by itself."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from beez.api import key_states, keys
from beez.api.models import ApiKey

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def old():
    return keys.create(name="shop", scopes=["read", "classify"])


def test_the_new_key_has_the_same_name_and_scopes_and_the_old_one_goes_on_for_the_overlap(old):
    row, old_key = old
    new, new_key = keys.rotate(row, overlap=WEEK)
    assert (new.name, new.scopes, new.expires_at) == (row.name, row.scopes, None)
    assert keys.verify(new_key) == new and keys.verify(old_key) == row
    assert timedelta(0) <= timezone.now() + WEEK - row.expires_at < timedelta(minutes=1)
    assert row.replaced_by == new


def test_without_an_overlap_the_old_key_ends_at_once(old):
    keys.rotate(old[0], overlap=timedelta(0))
    with pytest.raises(keys.InvalidKeyError, match="expired"):
        keys.verify(old[1])


def test_an_overlap_never_makes_a_key_live_longer():
    ends = timezone.now() + timedelta(days=1)
    row, _ = keys.create(name="shop", scopes=["read"], expires_at=ends)
    new, _ = keys.rotate(row, overlap=WEEK)
    assert row.expires_at == ends
    assert timedelta(hours=23) < new.expires_at - timezone.now() <= timedelta(days=1)


@pytest.mark.parametrize("state", ["revoked", "expired", "rotated", "overlap"])
def test_what_cannot_be_rotated_is_said_and_no_key_is_made(old, state):
    row, _ = old
    overlap = WEEK
    if state == "revoked":
        keys.revoke(row)
    elif state == "expired":
        ApiKey.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    elif state == "rotated":
        keys.rotate(row, overlap=WEEK)
    else:
        overlap = timedelta(days=91)
    before = ApiKey.objects.count()
    with pytest.raises(keys.RotationError):
        keys.rotate(row, overlap=overlap)
    assert ApiKey.objects.count() == before


def test_the_command_prints_the_new_key_alone_on_standard_output(old, capsys):
    call_command("api_key", "rotate", old[0].prefix, "--overlap", "12h")
    printed = capsys.readouterr()
    assert keys.verify(printed.out.strip()).scopes == ["classify", "read"]
    assert f"{old[0].prefix} goes on until" in printed.err
    left = ApiKey.objects.get(pk=old[0].pk).expires_at - timezone.now()
    assert timedelta(hours=11) < left <= timedelta(hours=12)


@pytest.mark.parametrize("arguments", [["bz_none"], ["PREFIX", "--overlap", "a week"]])
def test_the_command_says_what_is_wrong(old, arguments):
    named = [one.replace("PREFIX", old[0].prefix) for one in arguments]
    with pytest.raises(CommandError):
        call_command("api_key", "rotate", *named)
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("name", ["", "  ", " shop", "a\nb", "a\tb", "x" * 101, "a\u202eb", "a\0"])
def test_a_key_has_a_name_that_pages_and_terminals_can_show(name):
    with pytest.raises(ValueError, match="name"):
        keys.create(name=name, scopes=["read"])


def aged(name, *, used, made, ends=None, revoked=False):
    row, _ = keys.create(name=name, scopes=["read"])
    now = timezone.now()
    ApiKey.objects.filter(pk=row.pk).update(
        created_at=now - timedelta(days=made),
        last_used_at=None if used is None else now - timedelta(days=used),
        expires_at=None if ends is None else now + timedelta(days=ends),
        revoked_at=now if revoked else None,
    )
    return row


def test_unused_and_soon_ending_keys_are_told_from_the_others(capsys):
    aged("busy", used=1, made=200)
    aged("forgotten", used=91, made=200)
    aged("never", used=None, made=91)
    aged("fresh", used=None, made=1)
    aged("soon", used=1, made=20, ends=13)
    aged("later", used=1, made=20, ends=15)
    aged("gone", used=200, made=300, revoked=True)
    now = timezone.now()
    names = {
        what: set(ApiKey.objects.filter(condition(now)).values_list("name", flat=True))
        for what, condition in key_states.CONDITIONS.items()
    }
    assert names["unused"] == {"forgotten", "never"}
    assert names["never"] == {"never", "fresh"}
    assert names["soon"] == {"soon"}
    assert names["closed"] == {"gone"}
    unused = {row.name for row in ApiKey.objects.all() if key_states.is_unused(row)}
    assert unused == names["unused"]
    call_command("api_key", "list")
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[-1] for line in lines if "not for 90 days" in line} == unused
    assert [line.split()[-1] for line in lines if ", soon" in line] == ["soon"]
