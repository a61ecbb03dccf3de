"""The registered model versions, and the ledger that says which of them is live.

The one write path of `ModelVersion` and `Activation`, with `pruning`: a version is verified on
disk before anything says that it may be served.
"""

from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet

from beez.audit import trail
from beez.webhooks import outbox
from beez.webhooks.models import Kind
from classifier import artefact, folders, ledger
from classifier.artefact import ArtefactError, Manifest
from classifier.engine import Engine
from classifier.models import Activation, ModelVersion, Tag


class RegistryError(Exception):
    """A version cannot be registered, found or activated; the message says why."""


def register(name: str) -> ModelVersion:
    """The row for the model folder `MODELS_DIR/<name>`; the same folder gives the same row.

    Where machines share a bucket, the folder is in it before there is a row.
    """
    folder = folders.path(name)
    manifest = _verified(folder)
    if manifest.name != name:
        raise RegistryError(f"{folder} holds the model {manifest.name}, moved or copied.")
    _refuse_another(name, folder)
    try:
        folders.share(name)
    except ArtefactError as error:
        way_out = f"`manage.py register {folder}` tries again."
        raise RegistryError(f"{error} It is complete in {folder}: {way_out}") from error
    version, _ = ModelVersion.objects.update_or_create(
        name=name,
        defaults={"pruned_at": None},
        create_defaults={
            "base_model": manifest.base_model,
            "tags": list(manifest.tags),
            "threshold": manifest.threshold,
            "metrics": manifest.metrics,
            "dataset_digest": manifest.dataset_digest,
            "manifest_sha256": artefact.seal(folder),
        },
    )
    return version


def restore(source: Path) -> ModelVersion:
    """Register a model folder from anywhere, such as a backup; a copy of it joins the others.

    A damaged folder of the same version gives way. Raises RegistryError.
    """
    manifest = _verified(source)
    known = _refuse_another(manifest.name, source)
    try:
        folders.add(source, manifest, replace=known)
    except ArtefactError as error:
        raise RegistryError(str(error)) from error
    return register(manifest.name)


def activate(version: ModelVersion, *, reason: str = "", actor: str = "") -> Activation:
    """Make `version` live in every process; where it is live already, its present row is left.

    Raises RegistryError where its folder is missing or damaged, though it be live.
    """
    with transaction.atomic():
        ledger.lock(Activation)
        present = _newest()
        if present is not None and present.version_id == version.pk:
            _make_sure(version)
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


def live_at(moment: datetime) -> Activation | None:
    """The activation by which a version was live at that moment, if any was."""
    return activations().filter(created_at__lte=moment).first()


def replaced_at(activation: Activation) -> datetime | None:
    """When another version followed it; None where it is live still."""
    later = Activation.objects.filter(pk__gt=activation.pk).order_by("pk").first()
    return None if later is None else later.created_at


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
    """Where the files of `version` are on this machine, fetched if need be, once the manifest
    there is the one registered. RegistryError says what is wrong and what to do."""
    if version.pruned_at is not None:
        raise RegistryError(
            f"{version} was removed on {version.pruned_at:%Y-%m-%d} to save space. "
            "Put it back from a backup: `manage.py register FOLDER`."
        )
    try:
        return folders.local(version.name, seal=version.manifest_sha256)
    except ArtefactError as error:
        raise RegistryError(str(error)) from error


def load(version: ModelVersion, *, threads: int = 0) -> Engine:
    """The engine of `version`; `threads` 0 uses every core. RegistryError says what is wrong."""
    folder = sealed_folder(version)
    try:
        return Engine.load(folder, threads=threads)
    except ArtefactError as error:
        raise RegistryError(str(error)) from error


def problem(version: ModelVersion) -> str:
    """Why `version` cannot be made live, in a sentence; empty when nothing speaks against it.

    Every file that is on this machine is read for that.
    """
    if version.pruned_at is not None:
        return f"removed on {version.pruned_at:%Y-%m-%d} to save space"
    return folders.state(version.name, seal=version.manifest_sha256)


def usable() -> ModelVersion | None:
    """The version that was live last of those whose folders are whole, if there is one."""
    tried: set[int] = set()
    for activation in activations():
        version = activation.version
        if version.pk not in tried and not problem(version):
            return version
        tried.add(version.pk)
    return None


def _append(
    version: ModelVersion, *, reason: str, actor: str, restores: Activation | None = None
) -> Activation:
    _make_sure(version)
    before = live_version()
    action = "model.activated" if restores is None else "model.rolled_back"
    trail.record(action, subject=version.name, actor=actor)
    activation = Activation.objects.create(
        version=version, reason=reason, actor=actor, restores=restores
    )
    outbox.record(
        kind=Kind.ACTIVATED,
        data={
            "model_version": version.name,
            "previous": None if before is None else before.name,
            "rollback": restores is not None,
        },
    )
    return activation


def _make_sure(version: ModelVersion) -> None:
    """Every file is here as it was registered, and in the bucket where one was set since."""
    _verified(sealed_folder(version))
    try:
        folders.share(version.name)
    except ArtefactError as error:
        raise RegistryError(str(error)) from error


def _verified(folder: Path) -> Manifest:
    try:
        manifest = artefact.read(folder)
    except ArtefactError as error:
        raise RegistryError(str(error)) from error
    known = set(Tag.objects.values_list("name", flat=True))
    if unknown := [tag for tag in manifest.tags if tag not in known]:
        raise RegistryError(
            f"{folder} has tags that Beez does not know: {', '.join(unknown)}. Add them in the "
            "staff pages under Tags, by the same names, and try again."
        )
    return manifest


def _refuse_another(name: str, folder: Path) -> bool:
    """Whether the version in `folder` is registered; RegistryError for another of its name."""
    registered = ModelVersion.objects.filter(name=name).first()
    if registered is None:
        return False
    if registered.manifest_sha256 != artefact.seal(folder):
        raise RegistryError(
            f"{folder} is not the model {name} that is registered: its contents differ, and a "
            "model never changes. Look for another backup."
        )
    return True


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
