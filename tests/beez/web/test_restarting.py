"""Restarts lose nothing, and a killed master leaves nothing behind."""

import signal
import subprocess
import sys
import threading
import time
import urllib.error
from contextlib import contextmanager

import psutil
import pytest

from classifier import cores
from tests.beez import started
from tests.beez.web.talking import ask, connect


@pytest.fixture(scope="module")
def beez(serve):
    return serve()


def test_a_process_that_dies_is_replaced(beez):
    (worker,) = psutil.Process(beez.process.pid).children()
    worker.kill()
    worker.wait(10)
    assert ask(beez, "/classify-message", {"message": "hello"}).status == 200  # it waits for that
    (after,) = psutil.Process(beez.process.pid).children()
    assert after.pid != worker.pid


@contextmanager
def _callers(beez, answers, *, many=8):
    """Each asks again and again, until the block is over; what it meets goes into `answers`."""
    over = threading.Event()

    def keep_asking():
        while not over.is_set():
            try:
                answers.append(ask(beez, "/classify-message", {"message": "hello"}).status)
            except (urllib.error.URLError, ConnectionError) as error:
                answers.append(type(getattr(error, "reason", error)))
                return

    callers = [threading.Thread(target=keep_asking) for _ in range(many)]
    for caller in callers:
        caller.start()
    try:
        yield
    finally:
        over.set()
        for caller in callers:
            caller.join(60)


def test_hangup_exchanges_the_processes_and_no_request_is_lost(serve):
    beez, answers = serve(WEB_WORKERS="2"), []
    before = psutil.Process(beez.process.pid).children()
    with _callers(beez, answers):
        beez.process.send_signal(signal.SIGHUP)
        assert psutil.wait_procs(before, timeout=60)[1] == []
    assert set(answers) == {200}
    after = psutil.Process(beez.process.pid).children()
    assert len(after) == 2
    assert not {one.pid for one in after} & {one.pid for one in before}


def test_the_end_answers_what_has_begun_and_refuses_the_rest(serve):
    beez, answers = serve(WEB_WORKERS="2"), []
    with _callers(beez, answers):
        time.sleep(0.5)
        beez.process.terminate()
        assert beez.process.wait(30) == 0
    refused = {ConnectionRefusedError, ConnectionResetError}  # the latter before it was accepted
    assert 200 in answers
    assert set(answers) <= {200} | refused


def test_unless_told_there_are_as_many_processes_as_cores_and_all_get_connections(serve):
    beez = serve(WEB_WORKERS="0")
    processes = psutil.Process(beez.process.pid).children()
    assert len(processes) == min(cores.available(), 4)
    for _ in range(len(processes)):  # until each is there
        ask(beez, "/ready")
    held = [connect(beez, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n") for _ in range(64)]
    for connection in held:
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert all(_established(process, beez.port) for process in processes)


def _established(process, port):
    found = process.net_connections(kind="tcp")
    return [one for one in found if one.status == "ESTABLISHED" and one.laddr.port == int(port)]


def test_a_second_one_on_the_same_port_is_refused(home, serve):
    beez = serve(WEB_WORKERS="2")
    second = subprocess.run(
        [sys.executable, "-m", "beez.launch.web"],
        cwd=started.CHECKOUT,
        env=started.environment(home, PORT=beez.port),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert f"Port {beez.port} is in use" in second.stderr
    assert ask(beez, "/health").status == 200


def test_after_a_kill_of_the_master_the_next_one_starts_on_the_same_port(serve):
    beez = serve(WEB_WORKERS="2")
    workers = psutil.Process(beez.process.pid).children()
    assert len(workers) == 2
    beez.process.kill()
    beez.process.wait()
    killed = time.monotonic()
    again = serve(PORT=beez.port)
    assert time.monotonic() - killed < 30
    assert psutil.wait_procs(workers, timeout=10)[1] == []
    assert ask(again, "/classify-message", {"message": "hello"}).status == 200
