"""Runs a candidate over a sampled share of the stored messages, in the worker, never in a request.

Only one trial runs at a time. It begins with the messages that come after its start, and keeps
what the candidate would have said; nothing of it reaches a caller or a conversation's history.
"""

import random

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from beez.audit import trail
from classifier import registry, thresholds
from classifier.decision import in_force
from classifier.engine import Classification, Engine
from classifier.models import ModelVersion
from classifier.registry import RegistryError
from conversations.models import Message, ShadowAnswer, ShadowTrial

CHUNK = 200  # messages looked at before the place is stored
ANOTHER = "Another trial is running. Stop it first."


class ShadowError(Exception):
    """A trial cannot be started; the message says why."""


def start(*, version: ModelVersion, share: float, actor: str) -> ShadowTrial:
    """A trial of `version` on `share` (above 0, up to 1) of the messages from now on.

    ShadowError where another one runs, or the version's folder is missing or damaged.
    """
    if not 0 < share <= 1:
        raise ShadowError("The share lies above 0 and is at most 1, such as 0.2.")
    check(version)
    newest = Message.objects.aggregate(newest=Max("pk"))["newest"] or 0
    try:
        with transaction.atomic():
            trail.record("trial.started", subject=version.name, actor=actor, share=share)
            return ShadowTrial.objects.create(
                version=version, share=share, started_by=actor, looked_at=newest
            )
    except IntegrityError:  # begun since it was checked
        raise ShadowError(ANOTHER) from None


def check(version: ModelVersion) -> None:
    """ShadowError unless a trial of `version` can begin now."""
    if running() is not None:
        raise ShadowError(ANOTHER)
    _load(version)


def stop(trial: ShadowTrial, *, actor: str) -> None:
    """End a trial; one that is over stays as it is."""
    with transaction.atomic():
        if ShadowTrial.objects.filter(pk=trial.pk, ended_at=None).update(
            ended_at=timezone.now(), ended_by=actor
        ):
            trail.record("trial.stopped", subject=trial.version.name, actor=actor)


def running() -> ShadowTrial | None:
    return ShadowTrial.objects.select_related("version").filter(ended_at=None).first()


def follow(*, limit: int = 2_000) -> int:
    """Let the running trial's candidate answer the messages since the last call, at most `limit`
    of them; returns how many it answered. Begins again where it was after a crash."""
    trial = running()
    if trial is None:
        _engines.clear()
        return 0
    answered = looked = 0
    while looked < limit:
        waiting = Message.objects.filter(pk__gt=trial.looked_at).order_by("pk")
        chunk = list(waiting.prefetch_related("predicted_tags")[:CHUNK])
        if not chunk:
            break
        answered += _answer(trial, chunk)
        looked += len(chunk)
    return answered


def _answer(trial: ShadowTrial, messages: list[Message]) -> int:
    engine = _load(trial.version)
    decides = in_force(engine.manifest, thresholds.overrides())
    answers = []
    for message in messages:
        if random.random() < trial.share:
            said = engine.classify(message.text).decided_by(decides)
            answers.append(_row(trial, message, said))
    with transaction.atomic():
        # A message that was erased meanwhile has no answer to keep.
        there = set(
            Message.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk__in=[one.message_id for one in answers])
            .values_list("pk", flat=True)
        )
        kept = [one for one in answers if one.message_id in there]
        ShadowAnswer.objects.bulk_create(kept, ignore_conflicts=True)
        trial.looked_at = messages[-1].pk
        trial.save(update_fields=["looked_at"])
    return len(kept)


def _row(trial: ShadowTrial, message: Message, said: Classification) -> ShadowAnswer:
    tags = [tag for tag, _ in said.selected]
    live = {one.tag_id for one in message.predicted_tags.all()}
    return ShadowAnswer(
        trial=trial,
        message=message,
        tags=tags,
        probabilities=said.probabilities,
        differs=set(tags) != live,
    )


_engines: dict[int, Engine] = {}  # of the candidate, in the worker's process


def _load(version: ModelVersion) -> Engine:
    if version.pk not in _engines:
        try:
            engine = registry.load(version, threads=1)
        except RegistryError as error:
            raise ShadowError(f"{version} cannot be loaded: {error}") from error
        _engines.clear()
        _engines[version.pk] = engine
    return _engines[version.pk]
