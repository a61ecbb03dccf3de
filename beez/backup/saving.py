"""Writes a backup while Beez goes on: the database first, then what its rows name."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from beez import __version__
from beez.backup import BackupError, inventory, places, postgres_tools
from beez.backup.inventory import Inventory
from beez.launch import complaints, console

Tell = Callable[[int, int], object]  # bytes so far, bytes altogether


def save(folder: Path, *, tell: Tell = lambda done, whole: None) -> Inventory:
    """Make `folder`, which must be new or empty, a backup. BackupError and OSError say why not.

    A model or data set that comes after the database was saved does no harm; none that its rows
    name is missed, unless it is pruned in these minutes.
    """
    postgres_tools.refuse_poolers()
    if not _migrations():
        raise BackupError(complaints.NO_TABLES)
    files = list(places.files())
    _prepare(folder, sum(path.stat().st_size for _, path in files))
    with console.step("database"):
        postgres_tools.dump(folder / places.DATABASE)
    digests = {places.DATABASE: inventory.digest(folder / places.DATABASE)}
    files = list(places.files())
    if (key := places.secret_key()) is not None:
        files.append((places.SECRET_KEY, key))
    with console.step("models and data sets"):
        digests |= _copied(files, folder, tell)
    saved = Inventory(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        beez=__version__,
        postgres=postgres_tools.server_version(),
        migrations=_migrations(),
        files=digests,
    )
    inventory.write(folder, saved)
    return saved


def _prepare(folder: Path, bytes_of_files: int) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty. Name a new folder for each backup.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        places.make_room(folder, bytes_of_files + int(cursor.fetchone()[0]))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _copied(files: list[tuple[str, Path]], folder: Path, tell: Tell) -> dict[str, str]:
    whole = sum(path.stat().st_size for _, path in files if path.exists())
    done = 0

    def told(more: int) -> None:
        nonlocal done
        done += more
        tell(done, whole)

    found = {}
    for name, path in files:
        try:
            found[name] = inventory.copy(path, folder / name, told=told)
        except FileNotFoundError:  # pruned since it was listed
            continue
    return found


def _migrations() -> list[str]:
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{application}.{name}" for application, name in applied)
