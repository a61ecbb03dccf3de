"""The registered model versions, and the ledger that says which of them is live.

The one write path of `ModelVersion` and `Activation`: a version is verified on disk before
anything says that it may be served.
"""

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from classifier import artefact, ledger
from classifier.artefact import ArtefactError, Manifest
from classifier.models import Activation, ModelVersion, Tag


class RegistryError(Exception):
    """A version cannot be registered, found or activated; the message says why."""


def register(name: str) -> ModelVersion:
    """The row for the model folder `MODELS_DIR/<name>`; the same folder gives the same row."""
    folder = settings.MODELS_DIR / name
    manifest = _verified(folder)
    if manifest.name != name:
        raise RegistryError(f"{folder} holds the model {manifest.name}, moved or copied.")
    version, _ = ModelVersion.objects.get_or_create(
        name=name,
        defaults={
            "base_model": manifest.base_model,
            "tags": list(manifest.tags),
            "threshold": manifest.threshold,
            "metrics": manifest.metrics,
            "dataset_digest": manifest.dataset_digest,
            "manifest_sha256": artefact.seal(folder),
        },
    )
    sealed_folder(version)
    return version


def activate(version: ModelVersion, *, reason: str = "", actor: str = "") -> Activation:
    """Make `version` live in every process; where it is live already, its present row is left."""
    with transaction.atomic():
        ledger.lock(Activation)
        present = _newest()
        if present is not None and present.version_id == version.pk:
            return present
        return _append(version, reason=reason, actor=actor)


def rollback(*, actor: str = "", reason: str = "") -> Activation:
    """Make the version live again that was live before the present one.

    A rollback remembers which activation it went back to, and the next one starts from there: it
    goes further back, not to and fro.
    """
    with transaction.atomic():
        ledger.lock(Activation)
        present = _newest()
        target = None if present is None else _before(present)
        if target is None:
            raise RegistryError("There is no earlier version to roll back to.")
        return _append(target.version, reason=reason, actor=actor, restores=target)


def activations() -> QuerySet[Activation]:
    """The ledger with its versions, newest first; the first row is what is live."""
    return Activation.objects.select_related("version")


def live_version() -> ModelVersion | None:
    newest = _newest()
    return None if newest is None else newest.version


def previous_version() -> ModelVersion | None:
    """What `rollback` would make live."""
    present = _newest()
    target = None if present is None else _before(present)
    return None if target is None else target.version


def find(text: str) -> ModelVersion:
    """The version with the name `text`, or the one whose name alone starts with it."""
    found = list(ModelVersion.objects.filter(name__startswith=text))
    exact = [version for version in found if version.name == text]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        names = ", ".join(version.name for version in found)
        raise RegistryError(f"{text!r} may be any of {names}.")
    raise RegistryError(f"There is no model version {text!r}. `manage.py models` lists them.")


def sealed_folder(version: ModelVersion) -> Path:
    """Where the files of `version` are, once the manifest there is the one registered."""
    folder: Path = settings.MODELS_DIR / version.name
    try:
        seal = artefact.seal(folder)
    except ArtefactError as error:
        raise RegistryError(str(error)) from error
    if seal != version.manifest_sha256:
        raise RegistryError(f"{folder} is not the folder that was registered.")
    return folder


def _append(
    version: ModelVersion, *, reason: str, actor: str, restores: Activation | None = None
) -> Activation:
    _verified(sealed_folder(version))
    return Activation.objects.create(version=version, reason=reason, actor=actor, restores=restores)


def _verified(folder: Path) -> Manifest:
    try:
        manifest = artefact.read(folder)
    except ArtefactError as error:
        raise RegistryError(str(error)) from error
    known = set(Tag.objects.values_list("name", flat=True))
    if unknown := [tag for tag in manifest.tags if tag not in known]:
        raise RegistryError(f"{folder} has tags that Beez does not know: {', '.join(unknown)}.")
    return manifest


def _newest() -> Activation | None:
    return activations().first()


def _before(present: Activation) -> Activation | None:
    """The activation to go back to: what was live before the one that `present` stands for."""
    since = present.restores_id or present.pk
    earlier = (
        Activation.objects.filter(pk__lt=since)
        .exclude(version=present.version_id)
        .select_related("version", "restores")
        .first()
    )
    return earlier and (earlier.restores or earlier)
