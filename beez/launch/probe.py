"""Asks the web server of this machine how it is: `python -m beez.probe [/ready]`.

For `manage.py up` and for container health checks: it sends a host name that ALLOWED_HOSTS has.
"""

import contextlib
import json
import sys
import urllib.error
import urllib.request
from typing import Any

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
    try:
        with _open(path):
            return True
    except (OSError, urllib.error.HTTPError):
        return False


def complaint(path: str) -> str:
    """The sentence of an answer that is not 200; empty where there is none."""
    try:
        with _open(path):
            return ""
    except urllib.error.HTTPError as error:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return str(json.load(error)["error"]["message"])
    except OSError as error:
        return f"It does not answer ({error})."
    return ""


def _open(path: str) -> Any:
    request = urllib.request.Request(f"{address()}{path}", headers={"Host": _allowed_host()})
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5)


def _allowed_host() -> str:
    hosts = env.listing("ALLOWED_HOSTS", env.LOCAL_HOSTS)
    return next((host for host in hosts if host != "*"), "localhost").lstrip(".")


if __name__ == "__main__":
    sys.exit(not answers(sys.argv[1] if len(sys.argv) > 1 else "/health"))
