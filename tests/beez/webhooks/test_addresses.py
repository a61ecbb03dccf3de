"""Where deliveries may go: looked at when they go, and the connection is made to just that."""

import contextlib
import socket
import threading
import time

import pytest

from beez.webhooks import addresses, endpoints
from beez.webhooks.addresses import RefusedError
from beez.webhooks.models import Kind, WebhookAttempt
from beez.webhooks.sending import post
from tests.beez.webhooks.conftest import deliver, endpoint_at, switch
from tests.beez.webhooks.receiver import listening

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1", "::1",
    "fc00::1", "fe80::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
]  # fmt: skip
NEVER = [
    "0.0.0.0", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1",
    "169.254.169.254", "::ffff:169.254.169.254", "168.63.129.16", "fd00:ec2::254", "::", "ff02::1",
    "2001:db8::1", "100.100.100.200",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]


@pytest.fixture
def names(monkeypatch):
    """What a name server says; each answer is for one question, the last for all later ones."""
    said: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def ask(host, port, *args, **options):
        if host not in said:
            return real(host, port, *args, **options)
        answers = said[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [info for address in found for info in real(address, port, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    return said


def checked(address, scheme="https"):
    host = f"[{address}]" if ":" in address else address
    return addresses.resolve(addresses.parsed(f"{scheme}://{host}/"))


@pytest.mark.parametrize("address", [*PRIVATE, *NEVER])
def test_addresses_that_are_not_public_are_refused(settings, address):
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    with pytest.raises(RefusedError):
        checked(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_ones_are_taken_where_the_setting_says_so(address):
    assert checked(address)
    assert checked(address, "http")


@pytest.mark.parametrize("address", NEVER)
def test_others_are_refused_whatever_the_setting_says(address):
    with pytest.raises(RefusedError):
        checked(address)


@pytest.mark.parametrize("address", PUBLIC)
@pytest.mark.parametrize("private", [True, False])
def test_public_ones_are_taken_and_only_by_https(settings, address, private):
    settings.WEBHOOKS_ALLOW_PRIVATE = private
    assert checked(address)
    with pytest.raises(RefusedError, match="https"):
        checked(address, "http")


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "localhost"])
def test_other_ways_to_write_a_private_address_are_refused(settings, host):
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    with pytest.raises((RefusedError, OSError)):
        addresses.resolve(addresses.parsed(f"https://{host}/"))


@pytest.mark.parametrize(
    "url",
    [
        "shop.example/hook", "ftp://shop.example", "https://", "https://u:p@shop.example/",
        "https://shop.example/#a", "https://shop.example:0/", "https://shop.example:99999/",
        "https://shop.example/a b", "https://shop.example/\r\nX: y", "https://shop.example\\@x/",
        "https://[::1", "file:///etc/passwd", "https://ümlaut.example/",
        "https://s.example/" + "x" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_url_of_a_receiver_is_refused_when_it_is_entered(url):
    with pytest.raises(endpoints.EndpointError) as error:
        endpoints.check({"url": url})
    assert error.value.field == "url"


def test_a_name_that_resolves_to_a_private_address_is_refused_at_delivery(
    endpoint, receiver, names, settings
):
    names["shop.example"] = [["127.0.0.1"]]
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    type(endpoint).objects.update(url=f"https://shop.example:{receiver.port}/")
    switch()
    deliver()
    assert WebhookAttempt.objects.get().outcome.startswith("Refused: 127.0.0.1 is a private")
    assert receiver.got == []


def test_a_name_with_a_public_and_a_private_address_is_refused(names, settings):
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    names["shop.example"] = [[PUBLIC[0], "10.0.0.1"]]
    with pytest.raises(RefusedError):
        addresses.resolve(addresses.parsed("https://shop.example/"))


def test_a_name_that_changes_after_it_was_looked_at_leads_nowhere_else(names, receiver):
    with listening() as second:
        names["shop.example"] = [["127.0.0.1"], ["127.0.0.2"]]
        answer = post(f"http://shop.example:{receiver.port}/", headers={}, body=b"{}", seconds=2)
        assert answer.delivered
        assert len(names["shop.example"]) == 1  # asked once
        assert second.got == []
    assert receiver.got[0].headers["host"] == f"shop.example:{receiver.port}"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(endpoint, receiver, other_receiver, status):
    receiver.answer = lambda got: (status, {"Location": other_receiver.url})
    switch()
    deliver()
    assert other_receiver.got == []
    log = WebhookAttempt.objects.get()
    assert (log.status, log.outcome) == (
        status,
        f"Answered {status}: redirects are not followed.",
    )


def serve(behave):
    """A server on a socket that treats its one caller as it likes."""
    server = socket.create_server(("127.0.0.1", 0))

    def run():
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            behave(connection)

    threading.Thread(target=run, daemon=True).start()
    return server, f"http://127.0.0.1:{server.getsockname()[1]}/"


def drip(text, forever):
    def behave(connection):
        connection.sendall(text)
        for _ in range(100):
            connection.sendall(forever)
            time.sleep(0.1)

    return behave


@pytest.mark.parametrize(
    ("behave", "delivered"),
    [
        (drip(b"", b"H"), False),
        (drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), False),
        (drip(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"), False),
        (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"x"), True),
        (lambda connection: time.sleep(10), False),
    ],
    ids=["status", "headers", "continue", "body", "silence"],
)
def test_a_receiver_that_drips_is_cut_off_when_its_time_is_over(behave, delivered):
    server, url = serve(behave)
    with server:
        began = time.monotonic()
        answer = post(url, headers={}, body=b"{}", seconds=0.5)
    assert time.monotonic() - began < 5
    assert answer.delivered is delivered
    assert delivered or answer.outcome == "No answer within 0.5 seconds."


def test_an_endless_body_is_not_read_to_its_end():
    def pour(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65_536)

    server, url = serve(pour)
    with server:
        assert post(url, headers={}, body=b"{}", seconds=20).seconds < 15


def test_nobody_there_is_said_in_the_log():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    answer = post(f"http://127.0.0.1:{port}/", headers={}, body=b"{}", seconds=2)
    assert answer.outcome == "No answer: Connection refused."


def test_an_unknown_name_is_said_in_the_log(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    answer = post("https://nobody.invalid/", headers={}, body=b"{}", seconds=2)
    assert answer.outcome == "No answer: the host name is not known."


def test_a_name_server_that_hangs_does_not_hold_the_worker(monkeypatch):
    monkeypatch.setattr(addresses, "RESOLVE_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(3) or [])
    answer = post("https://shop.example/", headers={}, body=b"{}", seconds=20)
    assert answer.seconds < 2.5


def test_an_endpoint_of_a_private_address_is_refused_when_it_is_entered(settings, db):
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    for url in ("https://127.0.0.1/", "http://shop.example/", "https://[::1]/"):
        with pytest.raises(endpoints.EndpointError):
            endpoint_at(url, kinds=[Kind.TAG_SWITCHED])
