"""Restarts lose nothing, and a killed master leaves nothing behind."""

import signal
import socket
import threading
import time
import urllib.error
from contextlib import contextmanager

import psutil
import pytest

from classifier import cores
from tests.beez.web.talking import ask, connect

HALF_A_BODY = b"POST /classify-message HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{}"


@pytest.fixture(scope="module")
def beez(serve):
    return serve()


@pytest.fixture(scope="module")
def as_shipped(serve):
    """With as many processes as it takes unless it is told."""
    beez = serve(WEB_WORKERS="0")
    for _ in range(20):  # new connections, so that each process is there in the end
        ask(beez, "/ready")
    return beez


def test_a_process_that_dies_is_replaced(beez):
    (worker,) = psutil.Process(beez.process.pid).children()
    worker.kill()
    worker.wait(10)
    assert ask(beez, "/classify-message", {"message": "hello"}).status == 200  # it waits for that
    (after,) = psutil.Process(beez.process.pid).children()
    assert after.pid != worker.pid


def test_there_are_as_many_processes_as_cores_and_all_get_connections(as_shipped):
    processes = psutil.Process(as_shipped.process.pid).children()
    assert len(processes) == min(cores.available(), 4)
    asked = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    held = [connect(as_shipped, asked) for _ in range(64)]
    for connection in held:
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert all(_established(process, as_shipped.port) for process in processes)
    for connection in held:
        connection.close()


def _established(process, port):
    found = process.net_connections(kind="tcp")
    return [one for one in found if one.status == "ESTABLISHED" and one.laddr.port == int(port)]


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


def test_hangup_exchanges_the_processes_and_no_request_is_lost(as_shipped):
    before, answers = psutil.Process(as_shipped.process.pid).children(), []
    with _callers(as_shipped, answers):
        as_shipped.process.send_signal(signal.SIGHUP)
        assert psutil.wait_procs(before, timeout=60)[1] == []
    assert set(answers) == {200}
    after = psutil.Process(as_shipped.process.pid).children()
    assert len(after) == len(before)
    assert not {one.pid for one in after} & {one.pid for one in before}


def test_the_end_answers_what_has_begun_and_refuses_the_rest(as_shipped):
    answers = []
    with _callers(as_shipped, answers):
        time.sleep(0.5)
        as_shipped.process.terminate()
        assert as_shipped.process.wait(30) == 0
    # Reset, by what was read or written first, is who was not accepted yet.
    refused = {ConnectionRefusedError, ConnectionResetError, BrokenPipeError}
    assert 200 in answers
    assert set(answers) <= {200} | refused


def test_after_a_kill_of_the_master_the_next_one_starts_on_the_same_port(serve):
    beez = serve(WEB_WORKERS="2")
    workers = psutil.Process(beez.process.pid).children()
    assert len(workers) == 2
    slow = [connect(beez, HALF_A_BODY) for _ in range(8)]  # which it still waits for, after that
    time.sleep(0.5)
    beez.process.kill()
    beez.process.wait()
    killed = time.monotonic()
    while not _is_free(beez.port):
        assert time.monotonic() - killed < 10
        time.sleep(0.1)
    again = serve(PORT=beez.port)
    for connection in slow:
        connection.close()
    assert psutil.wait_procs(workers, timeout=10)[1] == []
    assert ask(again, "/classify-message", {"message": "hello"}).status == 200


def _is_free(port):
    try:
        socket.create_server(("127.0.0.1", int(port))).close()
    except OSError:
        return False
    return True
