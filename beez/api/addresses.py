"""From which address a request comes: of the connection, or as the proxies in front say."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # a Unix socket, or a proxy that does not tell


def client(request: HttpRequest) -> str:
    """The address of the client, as text.

    Behind proxies each appends whom it heard from to X-Forwarded-For, so the entry that the
    outermost of ours wrote stands `PROXIES` from the right; what is further left anybody can write.
    """
    if not settings.BEHIND_PROXY:
        return _address(request.META.get("REMOTE_ADDR", "")) or UNKNOWN
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    return _address(hops[-min(settings.PROXIES, len(hops))]) or UNKNOWN


def counted(request: HttpRequest) -> str:
    """What limits count as one: an IPv4 address, or the /64 that one IPv6 customer has."""
    address = client(request)
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))


def _address(text: str) -> str:
    """Normalised, without a port; empty where it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found).partition("%")[0]
