"""Brings a backup back: verified first, then the folders, and the database last and as a whole.

So a restore that was cut off has left the database empty, and is simply done again.
"""

import shutil
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from beez.backup import BackupError, inventory, places, postgres_tools
from beez.backup.inventory import Inventory
from beez.launch import console, local
from beez.status import heartbeat
from classifier import artefact, folders, registry
from classifier.artefact import MANIFEST
from classifier.models import ModelVersion

# Rows of these are what somebody would miss; the others are there as soon as the tables are.
MISSED = (
    "conversations_conversation",
    "classifier_modelversion",
    "training_dataset",
    "training_trainingrun",
    "beez_apikey",
    "beez_webhookendpoint",
    "auth_user",
)


def restore(folder: Path, *, replace: bool) -> Inventory:
    """Make Beez what it was. BackupError and OSError say why not; then nothing was replaced, but
    for the database where `replace` was said and restoring it broke off."""
    postgres_tools.refuse_poolers()
    saved = inventory.read(folder)
    with console.step("backup verified"):
        inventory.verify(folder, saved)
    _refuse_newer(saved)
    _refuse_data(replace)
    sizes = [(folder / name).stat().st_size for name in saved.files]
    places.make_room(places.folders()[places.MODELS], sum(sizes))
    with console.step("models and data sets"):
        _models(folder)
        _datasets(folder)
    with console.step("database"):
        _drop_everything()
        postgres_tools.restore(folder / places.DATABASE)
    with console.step("tables brought up to date"):
        call_command("migrate", verbosity=0, interactive=False)
        _share()
    if places.SECRET_KEY in saved.files:
        inventory.copy(folder / places.SECRET_KEY, local.home() / places.SECRET_KEY)
    return saved


def _refuse_newer(saved: Inventory) -> None:
    known = {".".join(key) for key in MigrationLoader(None).disk_migrations}
    if unknown := sorted(set(saved.migrations) - known):
        raise BackupError(
            f"The backup is of a newer Beez ({saved.beez}), for this one does not know "
            f"{unknown[0]}. Install that version or a later one, and restore again."
        )


def _refuse_data(replace: bool) -> None:
    """Data are there, or somebody is at work: both only where it was said that they may go."""
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        _refuse_strangers(there)
        for table in there.intersection(MISSED):
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')
            if cursor.fetchone()[0] and not replace:
                raise BackupError(
                    "This database has data, and restoring would replace them all. Save them "
                    "first (`manage.py backup FOLDER`), then say --replace."
                )
    if "beez_heartbeat" in there and (kinds := _at_work()):
        raise BackupError(
            f"Beez is at work on this database ({', '.join(kinds)}). Stop web, worker and beat, "
            "and restore a minute later."
        )


def _refuse_strangers(tables: set[str]) -> None:
    """All tables give way to those of the backup, so none may be another program's."""
    ours = {application.label for application in apps.get_app_configs()} | {"django"}
    if strange := sorted(table for table in tables if table.partition("_")[0] not in ours):
        raise BackupError(
            f"This database has a table that is not Beez's ({strange[0]}). Restore into a "
            "database of its own."
        )


def _at_work() -> list[str]:
    try:
        seen = heartbeat.seen()
    except Error:  # tables of another version: nobody of this one can be at work
        return []
    since = timezone.now() - heartbeat.LATE
    return [kind for kind, moment in seen.items() if moment is not None and moment > since]


def _models(folder: Path) -> None:
    for source in sorted((folder / places.MODELS).glob("*")):
        try:
            manifest = artefact.read(source)
            folders.add(source, manifest, replace=_is_same(folders.path(manifest.name), source))
        except artefact.ArtefactError as error:
            raise BackupError(str(error)) from error


def _is_same(there: Path, source: Path) -> bool:
    """What is there is that model, though a file of it may be damaged."""
    return (there / MANIFEST).exists() and artefact.seal(there) == artefact.seal(source)


def _datasets(folder: Path) -> None:
    """Whole or not at all, each; one that is there is left, for its name is its digest."""
    for source in sorted((folder / places.DATASETS).glob("*")):
        target = places.folders()[places.DATASETS] / source.name
        if not target.exists():
            draft = target.with_name(f".{target.name}.restored")
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(source, draft)
            draft.rename(target)


# Those of extensions are not Beez's to drop.
_FUNCTIONS = """
    SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""


def _drop_everything() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'DROP TABLE "{table}" CASCADE')
        cursor.execute(_FUNCTIONS)
        for (function,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {function} CASCADE")
    connection.close()


def _share() -> None:
    """Where machines share a bucket, it has what the rows name."""
    for version in ModelVersion.objects.filter(pruned_at=None):
        if folders.path(version.name).exists():
            try:
                registry.register(version.name)
            except registry.RegistryError as error:
                raise BackupError(str(error)) from error
