"""TLS is verified for the host name, though the connection goes to an address."""

import datetime
import socket
import ssl
import subprocess
import threading

import pytest

from beez.webhooks.sending import post


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Of shop.example, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2"]
    command += ["-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@pytest.fixture
def port(certificate):
    """A server that answers one request by TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server = socket.create_server(("127.0.0.1", 0))

    def run():
        plain, _ = server.accept()
        try:
            with context.wrap_socket(plain, server_side=True) as connection:
                came = b""
                while not came.endswith(b"{}"):
                    came += connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        except OSError:
            pass

    threading.Thread(target=run, daemon=True).start()
    with server:
        yield server.getsockname()[1]


@pytest.fixture
def resolved(monkeypatch):
    """Every name leads to this machine."""
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _, *args, **options: real("127.0.0.1", *args, **options)
    )


def test_a_certificate_of_the_name_is_taken(resolved, port, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    answer = post(f"https://shop.example:{port}/", headers={}, body=b"{}", seconds=3)
    assert (answer.status, answer.outcome) == (204, "Delivered.")


def test_a_certificate_of_another_name_is_not(resolved, port, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    answer = post(f"https://other.example:{port}/", headers={}, body=b"{}", seconds=3)
    assert answer.status is None
    assert answer.outcome.startswith("The certificate does not hold: Hostname mismatch")


def test_a_certificate_that_nobody_vouches_for_is_not(resolved, port):
    answer = post(f"https://shop.example:{port}/", headers={}, body=b"{}", seconds=3)
    assert answer.outcome.startswith("The certificate does not hold: self")


def test_a_server_that_never_shakes_hands_is_cut_off(resolved):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"https://shop.example:{server.getsockname()[1]}/"
        answer = post(address, headers={}, body=b"{}", seconds=0.5)
    assert answer.outcome == "No answer within 0.5 seconds."
    assert datetime.timedelta(seconds=answer.seconds) < datetime.timedelta(seconds=5)
