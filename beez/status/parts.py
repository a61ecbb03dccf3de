"""What Beez stands on: database, broker, model folder and disk, each looked at briefly."""

import os
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import redis
from celery import current_app
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from redis.backoff import NoBackoff
from redis.retry import Retry

from classifier import artefact, registry
from classifier.artefact import ArtefactError
from classifier.models import ModelVersion
from classifier.registry import RegistryError
from training.runs import full
from training.runs.full import Full

SECONDS = 2.0  # that Redis has to answer


@dataclass(frozen=True, kw_only=True)
class Live:
    """The version that is live, since when, by whom and why; `problem` of its folder, if any.

    `full`: what becomes of the full training, where the version is a quick first one.
    """

    version: str
    since: datetime
    actor: str
    reason: str
    problem: str
    full: Full | None


def database_problem() -> str:
    """Empty where the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        return str(error).strip().splitlines()[0] if str(error).strip() else "no answer"
    return ""


def clock_ahead() -> float:
    """Seconds that the clock of this machine is ahead of the database's, about. Raises Django's
    database errors."""
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        (there,) = cursor.fetchone()
        return (before + time.time()) / 2 - float(there)


def lacks_tables() -> bool:
    """Whether the database answers and has no tables of Beez yet."""
    return not database_problem() and not MigrationRecorder(connection).has_table()


def pending_migrations() -> list[str]:
    """Changes of tables that wait for `manage.py migrate`. Raises Django's database errors."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def broker_problem() -> str:
    """Empty where jobs can be sent: Redis answers, or its stand-in of files can be written."""
    if not settings.REDIS_URL:
        folder = _existing(Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"])))
        return "" if os.access(folder, os.W_OK) else f"{folder} cannot be written"
    try:
        with _redis() as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        return str(error)
    return ""


def jobs_waiting() -> int | None:
    """Jobs that no worker has taken up yet; None where that cannot be told."""
    queue = str(current_app.conf.task_default_queue)
    try:
        if settings.REDIS_URL:
            with _redis() as client:
                return int(client.llen(queue))
        folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"]))
        return sum(1 for _ in folder.glob(f"*{queue}.msg"))
    except (redis.RedisError, OSError):
        return None


def _redis() -> redis.Redis:
    """Asked once: the client's own retries would make a pause of seconds a minute."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=SECONDS,
        socket_timeout=SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def live(*, thorough: bool = False) -> Live | None:
    """None where no version is live. `thorough` reads every byte of its folder.

    Raises Django's database errors.
    """
    newest = registry.activations().first()
    if newest is None:
        return None
    return Live(
        version=newest.version.name,
        since=newest.created_at,
        actor=newest.actor,
        reason=newest.reason,
        problem=_folder_problem(newest.version, thorough=thorough),
        full=full.awaited(),
    )


def disk_free() -> tuple[Path, int]:
    """The folder of Beez with least room, and the bytes that are free there."""
    paths = (settings.BEEZ_HOME, settings.MODELS_DIR, settings.DATASETS_DIR)
    folders = {_existing(path) for path in paths}
    free = {folder: shutil.disk_usage(folder).free for folder in sorted(folders)}
    return min(free.items(), key=lambda item: item[1])


def _folder_problem(version: ModelVersion, *, thorough: bool) -> str:
    """The manifest is the one registered, and the files that it names are there, or unharmed."""
    try:
        folder = registry.sealed_folder(version)
        if thorough:
            artefact.read(folder)
            return ""
        names = artefact.read_manifest(folder).files
        missing = [name for name in names if not (folder / name).is_file()]
    except (RegistryError, ArtefactError, OSError) as error:
        return str(error)
    return f"{folder} lacks {', '.join(missing)}." if missing else ""


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
