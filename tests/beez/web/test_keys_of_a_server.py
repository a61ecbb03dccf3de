"""What a command does to a key holds in every process that serves, and that a key was used is
stored by a server that ends."""

import time

from tests.beez import started
from tests.beez.web.talking import ask

HELLO = {"message": "hello"}
LAST_USE = "from beez.api.models import ApiKey; print(ApiKey.objects.get(name='used').last_used_at)"


def new_key(home, name):
    return started.manage(home, "api_key", "create", name, "--scopes", "classify").split()[-1]


def statuses(beez, key, *, times):
    return {ask(beez, "/classify-message", HELLO, key=key).status for _ in range(times)}


def test_a_revocation_by_a_command_holds_in_every_process_within_two_seconds(home, serve):
    beez = serve(WEB_WORKERS="2", RATE_LIMIT_FAILED_KEYS="10000/minute")
    key = new_key(home, "revoked")
    assert statuses(beez, key, times=20) == {200}
    started.manage(home, "api_key", "revoke", key[: len("bz_00000000")])
    revoked = time.monotonic()
    while time.monotonic() < revoked + 2:  # in use all the while
        statuses(beez, key, times=1)
        time.sleep(0.02)
    assert statuses(beez, key, times=20) == {401}


def test_a_server_that_ends_stores_which_keys_were_used(home, serve):
    beez = serve()
    assert statuses(beez, new_key(home, "used"), times=1) == {200}
    beez.process.terminate()
    assert beez.process.wait(30) == 0
    assert started.shell(home, LAST_USE) != "None"
