"""Which addresses a delivery may go to, asked anew at each one: a name may mean another by now.

The connection is made to the very address that was looked at here, never to the name again.
"""

import ipaddress
import socket
import threading
from ipaddress import IPv4Address, IPv6Address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

Address = IPv4Address | IPv6Address

LONGEST_URL = 2_000
RESOLVE_SECONDS = 5.0

# Never, whatever the setting says: nobody there is a receiver, or it gives credentials to who asks.
_NEVER = [
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "100.100.100.200/32"),
        *("168.63.129.16/32", "fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128"),
        *("::/128", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "ff00::/8"),
    )
]
# Where WEBHOOKS_ALLOW_PRIVATE says so.
_PRIVATE = [
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"),
        *("100.64.0.0/10", "198.18.0.0/15", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10"),
    )
]
_NAT64 = ip_network("64:ff9b::/96")


class RefusedError(Exception):
    """The address is not one to deliver to; the message says why, in a sentence."""


def parsed(url: str) -> SplitResult:
    """The parts of an endpoint's URL. RefusedError where it cannot be one, whoever that is."""
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url or not url.isascii():
        raise RefusedError(
            "Write the URL in plain ASCII without blanks, such as https://shop.example/hook."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RefusedError("This is no URL such as https://shop.example/hook.") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0 or "\\" in url:
        raise RefusedError("This is no URL such as https://shop.example/hook.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise RefusedError("Leave names, passwords and #… out of the URL; deliveries are signed.")
    if parts.scheme == "http" and not settings.WEBHOOKS_ALLOW_PRIVATE:
        raise RefusedError(
            "Use https. Plain http is for private addresses (WEBHOOKS_ALLOW_PRIVATE)."
        )
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts
    _check(literal, parts.scheme)
    return parts


def resolve(parts: SplitResult) -> list[Address]:
    """The addresses that `parts` names now, all of which may be connected to; RefusedError where
    one may not, OSError where the name is not known."""
    found = list(dict.fromkeys(ipaddress.ip_address(text) for text in _looked_up(parts)))
    for address in found:
        _check(address, parts.scheme)
    return found


def port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def is_private(address: Address) -> bool:
    return any(address in network for network in _PRIVATE)


def _check(address: Address, scheme: str) -> None:
    inner = _inner(address)
    if any(inner in network for network in _NEVER):
        raise RefusedError(f"{address} is no address to deliver to.")
    if is_private(inner):
        if not settings.WEBHOOKS_ALLOW_PRIVATE:
            raise RefusedError(f"{address} is a private address (WEBHOOKS_ALLOW_PRIVATE).")
        return
    if not inner.is_global or inner.is_reserved:
        raise RefusedError(f"{address} is no address to deliver to.")
    if scheme == "http":
        raise RefusedError(f"Plain http to {address}, which is not private. Use https.")


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    inner = address.ipv4_mapped or address.sixtofour
    return inner or IPv6Address(int(address))  # without a zone such as %eth0


def _looked_up(parts: SplitResult) -> list[str]:
    """In a thread of its own, for the resolver knows no time-out that we could set."""
    found: list[str] = []
    failed: list[OSError] = []

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(parts.hostname, port(parts), type=socket.SOCK_STREAM)
            found.extend(str(info[4][0]) for info in infos)
        except OSError as error:
            failed.append(error)
        except UnicodeError:
            failed.append(OSError("no host name"))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(RESOLVE_SECONDS)
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError("the name server does not answer")
    return list(found)
