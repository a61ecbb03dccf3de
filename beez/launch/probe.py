"""Asks the web server of this machine how it is: `python -m beez.probe [/ready]`.

For `manage.py up` and for container health checks: it sends a host name that ALLOWED_HOSTS has.
"""

import sys
import urllib.error
import urllib.request

from beez import env
from beez.launch import preflight

LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # what a server on all interfaces hears, too


def address() -> str:
    """Where a client on this machine reaches the web server, like `http://127.0.0.1:8000`."""
    host, port = preflight.address()
    host = LOOPBACK.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{host}:{port}"


def answers(path: str) -> bool:
    """Is the answer 200?"""
    request = urllib.request.Request(f"{address()}{path}", headers={"Host": _allowed_host()})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5):
            return True
    except (OSError, urllib.error.HTTPError):
        return False


def _allowed_host() -> str:
    hosts = env.listing("ALLOWED_HOSTS", env.LOCAL_HOSTS)
    return next((host for host in hosts if host != "*"), "localhost").lstrip(".")


if __name__ == "__main__":
    sys.exit(not answers(sys.argv[1] if len(sys.argv) > 1 else "/health"))
