"""Which model folders may go to save space, and their going. Rows stay, for the audit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from classifier import folders, ledger, registry
from classifier.artefact import ArtefactError
from classifier.models import Activation, ModelVersion


@dataclass(frozen=True)
class Removal:
    """A folder that goes or has gone: its bytes, and why it could not, if so."""

    version: ModelVersion
    size: int
    problem: str = ""


def candidates(*, keep_days: int) -> list[Removal]:
    """What `prune` would remove now, oldest first."""
    return [_looked_at(version) for version in _dispensable(timezone.now(), keep_days)]


def prune(*, keep_days: int) -> list[Removal]:
    """Remove the folders of versions that nothing needs. A row is marked before its folder goes,
    so that nobody activates it meanwhile; what could not be removed is tried again next time."""
    now = timezone.now()
    with transaction.atomic():
        ledger.lock(Activation)
        going = _dispensable(now, keep_days)
        ModelVersion.objects.filter(pk__in=[one.pk for one in going], pruned_at=None).update(
            pruned_at=now
        )
    return [_removed(version) for version in going]


def _dispensable(now: datetime, keep_days: int) -> list[ModelVersion]:
    """All but what is live or was within the days, can be rolled back to, was registered in them,
    or is named by what was stored in them. Of pruned ones those of which something is left."""
    since = now - timedelta(days=keep_days)
    kept = set(_live_since(since)) | set(_named_since(since))
    if (previous := registry.previous_version()) is not None:
        kept.add(previous.pk)
    old = ModelVersion.objects.filter(created_at__lt=since).exclude(pk__in=kept).order_by("pk")
    return [one for one in old if one.pruned_at is None or _looked_at(one) != Removal(one, 0)]


def _live_since(since: datetime) -> Iterator[int]:
    """Keys of versions that were live then or at any time after it."""
    for activation in registry.activations().iterator():
        yield activation.version_id
        if activation.created_at <= since:
            return


def _named_since(since: datetime) -> Iterator[int]:
    """Keys of versions that rows of other parts name, messages above all: rows made since then,
    or not ended yet (a trial in shadow), or that say nothing of when they were made.

    By their relation to a version, for the classifier knows nothing of those parts.
    """
    for relation in ModelVersion._meta.related_objects:
        rows, key = relation.related_model, relation.field.attname
        times = {field.name for field in rows._meta.fields} & {"created_at", "started_at"}
        recent = Q(*(Q(**{f"{name}__gte": since}) for name in times), _connector=Q.OR)
        if any(field.name == "ended_at" for field in rows._meta.fields):
            recent |= Q(ended_at=None)
        found = rows._default_manager.filter(recent, **{f"{key}__isnull": False})
        yield from found.order_by().values_list(key, flat=True).distinct()


def _looked_at(version: ModelVersion) -> Removal:
    try:
        return Removal(version, folders.size(version.name))
    except ArtefactError as error:
        return Removal(version, 0, str(error))


def _removed(version: ModelVersion) -> Removal:
    found = _looked_at(version)
    try:
        folders.remove(version.name)
    except (ArtefactError, OSError) as error:
        return Removal(version, found.size, str(error))
    return found
