"""Who may listen on the port: the processes of one web server together, and nobody beside them."""

import pytest

from beez.launch import web
from tests.beez import started


@pytest.fixture
def where(monkeypatch):
    monkeypatch.setattr(web, "FREE_SECONDS", 0.3)
    return "127.0.0.1", started.free_port()


@pytest.mark.parametrize("workers", [1, 3])
def test_a_second_web_server_on_the_same_port_is_refused(where, workers):
    first = web._listen(where, 5, workers)
    assert len(first) == workers
    with pytest.raises(SystemExit, match=f"Port {where[1]} is in use"):
        web._listen(where, 5, 2)
    for listener in first:
        listener.close()


def test_the_port_is_free_again_once_the_first_is_gone(where):
    for listener in web._listen(where, 5, 2):
        listener.close()
    for listener in web._listen(where, 5, 2):
        listener.close()
