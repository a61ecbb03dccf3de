"""Requests that wait for a frozen Postgres hold up no probe, and others are told to come again."""

import signal
import time
from contextlib import contextmanager, suppress

import psutil
import pytest

from tests.beez import started
from tests.beez.web.talking import Asking, ask

PLACES, WAITING, WAIT_SECONDS = 2, 2, 2


@pytest.fixture(scope="module")
def beez(serve):
    limits = {"WEB_THREADS": PLACES, "WEB_WAITING": WAITING, "WEB_WAIT_SECONDS": WAIT_SECONDS}
    return serve(**{name: str(value) for name, value in limits.items()})


@contextmanager
def frozen(home):
    """Every process of the home's Postgres stands still, as on a disk that does not answer."""
    processes = started.processes_of(home, name="postgres")
    with suppress(psutil.NoSuchProcess):
        processes += [child for one in processes for child in one.children(recursive=True)]
    _send(processes, signal.SIGSTOP)
    try:
        yield
    finally:
        _send(processes, signal.SIGCONT)


def _send(processes, number):
    for process in set(processes):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def test_probes_answer_and_whoever_cannot_be_served_is_told_so(home, beez):
    with frozen(home):
        asking = Asking(beez, "/conversations", clients=10)
        time.sleep(0.5)
        at_once = asking.over()
        health, ready = ask(beez, "/health"), ask(beez, "/ready")
        again = ask(beez, "/ready")
        later = ask(beez, "/classify-message", {"message": "hello"})
    assert (health.status, health.seconds < 4) == (200, True)
    for one in (ready, again):
        assert (one.status, one.seconds < 8) == (503, True)
        assert "database" in one.body["error"]["message"]
    assert len(at_once) == 10 - PLACES - WAITING
    answers = [*asking.answers(), later]
    refused = [one for one in answers if one.status == 503]
    assert {one.status for one in answers} <= {200, 503}
    assert sum(one.body["error"]["code"] == "busy" for one in refused) >= 10 - PLACES
    for one in refused:
        assert int(one.headers["Retry-After"]) >= 1
        assert one.body["error"]["code"] == "unavailable" or one.seconds < WAIT_SECONDS + 1
    for path, body in (("/ready", None), ("/classify-message", {"message": "hello"})):
        assert ask(beez, path, body).status == 200


def test_what_is_under_way_is_answered_before_the_server_ends(home, serve):
    beez = serve(WEB_THREADS="4")
    with frozen(home):
        asking = Asking(beez, "/conversations", clients=8)  # four of them wait for a place
        time.sleep(0.5)
        beez.process.terminate()
        time.sleep(0.5)
        assert asking.over() == []
    assert [one.status for one in asking.answers()] == [200] * 8
    assert beez.process.wait(30) == 0
