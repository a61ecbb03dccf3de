"""Restarts lose nothing, and a killed master leaves nothing behind."""

import threading
import time

import psutil
import pytest

from tests.beez.web.talking import ask


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


def test_hangup_exchanges_the_processes_and_no_request_is_lost(beez):
    (before,) = psutil.Process(beez.process.pid).children()
    answers, over = [], threading.Event()

    def keep_asking():
        while not over.is_set():
            answers.append(ask(beez, "/classify-message", {"message": "hello"}).status)

    callers = [threading.Thread(target=keep_asking) for _ in range(3)]
    for caller in callers:
        caller.start()
    beez.process.send_signal(1)
    before.wait(60)
    over.set()
    for caller in callers:
        caller.join()
    assert set(answers) == {200}
    (after,) = psutil.Process(beez.process.pid).children()
    assert after.pid != before.pid


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
