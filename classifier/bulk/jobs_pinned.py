"""The model of a bulk job: the version and the thresholds that were in force when it began.

That is mostly the live one. Where another went live since, the job's own is loaded beside it.
"""

import functools

from django.conf import settings

from classifier import live, registry
from classifier.artefact import ArtefactError
from classifier.decision import Overrides, in_force
from classifier.engine import Engine
from classifier.folders import StorageError
from classifier.live import LiveModel, NoModel
from classifier.models import BulkJob, ModelVersion
from classifier.registry import RegistryError


class Gone(Exception):
    """A job cannot be done any more; the message tells its caller why."""


class NotNow(Exception):
    """A job cannot go on at the moment; the message tells its caller why."""


def model(job: BulkJob) -> LiveModel:
    """Raises Gone and NotNow."""
    assert job.version is not None
    engine = _live_engine(job.version) or _engine(job.version)
    held = Overrides(threshold=job.thresholds["threshold"], tags=job.thresholds["tags"])
    return LiveModel(
        engine=engine,
        version_id=job.version.pk,
        version_name=job.version.name,
        in_force=in_force(engine.manifest, held),
    )


def forget() -> None:
    """Free what was loaded beside the live model."""
    _loaded.cache_clear()


def _live_engine(version: ModelVersion) -> Engine | None:
    try:
        current = live.current()
    except NoModel:
        return None
    return current.engine if current.version_id == version.pk else None


def _engine(version: ModelVersion) -> Engine:
    try:
        return _loaded(version)
    except (RegistryError, ArtefactError) as error:
        if isinstance(error.__cause__ or error, StorageError):
            raise NotNow(
                f"The model {version}, with which the job began, cannot be fetched at the moment; "
                "it is tried again."
            ) from error
        raise Gone(
            f"The model {version}, with which the job began, cannot be loaded any more: {error} "
            "Send the messages again."
        ) from error


@functools.lru_cache(maxsize=1)
def _loaded(version: ModelVersion) -> Engine:
    return Engine.load(registry.sealed_folder(version), threads=settings.ENGINE_THREADS)
