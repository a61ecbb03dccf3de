import pytest
from django.utils import timezone

from beez.api import keys
from beez.api.models import ApiKey

pytestmark = pytest.mark.django_db


def get(shell, header, path="/echo"):
    return shell.get(path, headers={"Authorization": header} if header else {})


def test_a_key_with_the_scope_gets_in(shell, bearer):
    answer = shell.get("/echo", headers=bearer)
    assert (answer.status_code, answer.json()) == (200, {"caller": "shop"})


def test_the_scheme_is_read_in_any_case(shell, key):
    assert get(shell, f"bearer {key}").status_code == 200


def test_each_way_of_not_getting_in_has_its_own_sentence(shell, key):
    row = ApiKey.objects.get()
    messages = []

    def refused(header):
        answer = get(shell, header)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
        messages.append(answer.json()["error"]["message"])

    refused(None)
    refused(f"Basic {key}")
    refused("Bearer bz_nonsense")
    ApiKey.objects.update(expires_at=timezone.now())
    refused(f"Bearer {key}")
    keys.revoke(row)
    refused(f"Bearer {key}")
    assert [word in text for word, text in zip(WORDS, messages, strict=True)] == [True] * 5
    assert len(set(messages)) == 5


WORDS = ("needed", "not understood", "unknown", "expired", "revoked")


@pytest.mark.parametrize("header", [b"Bearer \xff\xfe", b"\xff", b"Bearer", b"Bearer a b"])
def test_an_odd_header_is_refused(shell, header):
    answer = shell.get("/echo", headers={"Authorization": header.decode("latin-1")})
    assert answer.status_code == 401


def test_a_missing_scope_is_named(shell):
    _, key = keys.create(name="reader", scopes=["read"])
    answer = get(shell, f"Bearer {key}")
    assert answer.status_code == 403
    assert "'classify'" in answer.json()["error"]["message"]


def test_each_method_can_need_a_scope_of_its_own(shell):
    _, key = keys.create(name="reader", scopes=["read"])
    header = {"Authorization": f"Bearer {key}"}
    assert shell.get("/scopes", headers=header).status_code == 200
    assert "'erase'" in shell.delete("/scopes", headers=header).json()["error"]["message"]
    assert shell.put("/scopes", headers=header).status_code == 405


def test_a_staff_session_is_no_api_key(shell, admin_client, settings):
    assert admin_client.get("/echo").status_code == 401
