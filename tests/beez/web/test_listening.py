"""Who may listen on the port: the processes of one web server together, and nobody beside them."""

import pytest

from beez.launch import listening
from tests.beez import started


@pytest.fixture
def where(monkeypatch):
    monkeypatch.setattr(listening, "FREE_SECONDS", 0.3)
    return "127.0.0.1", started.free_port()


@pytest.mark.parametrize("workers", [1, 3])
def test_a_second_web_server_on_the_same_port_is_refused(where, workers):
    first = listening.sockets(where, workers, 5)
    assert len(first) == workers
    with pytest.raises(SystemExit, match=f"Port {where[1]} is in use"):
        listening.sockets(where, 2, 5)
    for listener in first:
        listener.close()


def test_the_port_is_free_again_once_the_first_is_gone(where):
    for listener in listening.sockets(where, 2, 5):
        listener.close()
    for listener in listening.sockets(where, 2, 5):
        listener.close()
