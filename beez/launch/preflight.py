"""The steps of `manage.py up` that come before Django's settings: port, disk, database.

Each failure is one sentence and exit code 1.
"""

import errno
import shutil
import socket
from pathlib import Path
from typing import NoReturn

from beez import addresses, env
from beez.launch import console, first_training, local, stopping

MEGABYTES_NEEDED = 500


def run() -> None:
    stopping.listen()
    try:
        with console.step("port and disk"):
            port_free(address())
            disk_free(local.home())
        stopping.check()
        if not addresses.names_postgres():
            postgres = local.home() / "postgres"
            if not postgres.exists():  # so no model is live either
                first_training.begin()
            with console.step("embedded Postgres"):
                _start_postgres(postgres)
        stopping.check()
    except stopping.StopRequested:
        raise SystemExit(0) from None
    except OSError as error:
        raise SystemExit(f"✗ {error}") from None


def address() -> tuple[str, int]:
    """Where the web server listens: HOST and PORT."""
    return env.string("HOST", "127.0.0.1"), env.integer("PORT", 8000, minimum=1, maximum=65_535)


def port_free(where: tuple[str, int]) -> None:
    try:
        listen(where).close()
    except OSError as error:
        refuse(where, error)


def listen(where: tuple[str, int], *, backlog: int = 128, shared: bool = False) -> socket.socket:
    """`shared`: together with others of the same user that say so too."""
    family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
    return socket.create_server(where, family=family, backlog=backlog, reuse_port=shared)


def refuse(where: tuple[str, int], error: OSError) -> NoReturn:
    host, port = where
    if error.errno == errno.EADDRINUSE:
        raise SystemExit(
            f"✗ Port {port} is in use. Stop what uses it, or choose another: "
            f"make run PORT={port + 1 if port < 65_535 else port - 1}"
        ) from None
    raise SystemExit(f"✗ Cannot listen on HOST={host} PORT={port}: {error.strerror}.") from None


def disk_free(folder: Path) -> None:
    megabytes = shutil.disk_usage(folder).free // 2**20
    if megabytes < MEGABYTES_NEEDED:
        raise SystemExit(
            f"✗ Only {megabytes} MB are free where {folder} is; Beez needs {MEGABYTES_NEEDED} MB. "
            "Make room, or set BEEZ_HOME to a folder on another disk."
        )


def _start_postgres(folder: Path) -> None:
    try:
        local.use_embedded_postgres()
    except Exception as error:  # of several packages
        stopping.check()
        raise SystemExit(
            f"✗ The embedded Postgres did not start ({type(error).__name__}: {error}). "
            f"Its log is {folder / 'log'}. DATABASE_URL may name another Postgres."
        ) from None
