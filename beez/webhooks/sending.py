"""Posts one signed body to one endpoint, within a time that holds for all of it together.

Redirects are not followed, no proxy is used, and of the answer only its status is kept.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult

from beez.webhooks import addresses, retries
from beez.webhooks.addresses import Address

CONNECT_SECONDS = 4.0  # to one of the addresses of a name
MOST_READ = 65_536  # bytes of the body of an answer, which are thrown away
GONE = 410


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of an attempt: a status, or None and why there was none."""

    status: int | None
    outcome: str
    seconds: float
    retry_after: float | None = None

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def post(url: str, *, headers: Mapping[str, str], body: bytes, seconds: float) -> Answer:
    """Never raises for what a receiver or the net does."""
    began = time.monotonic()
    status, asked = None, None
    try:
        parts = addresses.parsed(url)
        found = addresses.resolve(parts)
        status, asked = _exchange(parts, found, headers, body, seconds)
        outcome = _outcome(status)
    except addresses.RefusedError as error:
        outcome = f"Refused: {error}"
    except TimeoutError:
        outcome = f"No answer within {seconds:g} seconds."
    except ssl.SSLCertVerificationError as error:
        outcome = f"The certificate does not hold: {error.verify_message}."
    except (OSError, http.client.HTTPException) as error:
        outcome = f"No answer: {_why(error)}."
    return Answer(
        status=status,
        outcome=outcome[:200],
        seconds=time.monotonic() - began,
        retry_after=retries.asked(asked, now=datetime.now(UTC)),
    )


def _exchange(
    parts: SplitResult,
    found: list[Address],
    headers: Mapping[str, str],
    body: bytes,
    seconds: float,
) -> tuple[int, str | None]:
    connection = _Pinned(parts, found, seconds)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with _deadline(connection, seconds), contextlib.closing(connection):
        try:
            connection.request("POST", path, body, {"Host": parts.netloc, **headers})
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException):
            if connection.cut:
                raise TimeoutError from None
            raise
        if connection.cut:  # the end of a connection reads like the end of the headers
            raise TimeoutError
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer.read(MOST_READ)  # so that the receiver sees no broken connection
        return answer.status, answer.getheader("Retry-After")


class _Pinned(http.client.HTTPConnection):
    """Connects to addresses that were checked; TLS is verified for the name all the same."""

    def __init__(self, parts: SplitResult, found: list[Address], seconds: float) -> None:
        super().__init__(parts.hostname or "", addresses.port(parts), timeout=seconds)
        self.cut = False
        self._found, self._secure = found, parts.scheme == "https"

    def connect(self) -> None:
        self.sock = self._connected()
        if self._secure:
            secured = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock = secured  # before the handshake, so that it too can be cut
            secured.do_handshake()

    def _connected(self) -> socket.socket:
        last: OSError = OSError("no address")
        for address in self._found[:4]:
            if self.cut:
                raise TimeoutError
            try:
                plain = socket.create_connection((str(address), self.port), CONNECT_SECONDS)
            except OSError as error:
                last = error
            else:
                plain.settimeout(self.timeout)
                return plain
        raise last


@contextlib.contextmanager
def _deadline(connection: _Pinned, seconds: float) -> Iterator[None]:
    """Cuts the connection when the time is over: a time-out of a socket holds for each read alone,
    and a receiver that sends a byte now and then would never end."""

    def cut() -> None:
        connection.cut = True
        if connection.sock is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _outcome(status: int) -> str:
    if 200 <= status < 300:
        return "Delivered."
    if 300 <= status < 400:
        return f"Answered {status}: redirects are not followed."
    return f"Answered {status}."


def _why(error: Exception) -> str:
    """The system's own words; those of the receiver are not repeated."""
    if isinstance(error, socket.gaierror):
        return "the host name is not known"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
