"""The one write path of `Comparison`: stored with the verdict, and signed by a person."""

from django.db import transaction
from django.utils import timezone

from beez.audit import trail
from classifier import registry
from classifier.models import ModelVersion
from training.models import Comparison, TrainingRun
from training.runs.gate import Decision, Report

REASON = (10, 200)  # characters of a signature's reason


class SigningError(Exception):
    """A comparison cannot be signed; the message says why."""


def store(
    *,
    run: TrainingRun,
    challenger: ModelVersion,
    champion: ModelVersion,
    report: Report,
    decision: Decision,
    markdown: str,
) -> Comparison:
    return Comparison.objects.create(
        run=run,
        challenger=challenger,
        champion=champion,
        verdict=decision.verdict,
        reason=decision.reason,
        report=report,
        markdown=markdown,
    )


def sign(comparison: Comparison, *, actor: str, reason: str) -> Comparison:
    """Make the new version live on a person's word. SigningError; RegistryError of its folder."""
    reason = " ".join(reason.split())
    if not REASON[0] <= len(reason) <= REASON[1]:
        raise SigningError(f"Give a reason of {REASON[0]} to {REASON[1]} characters.")
    with transaction.atomic():
        row = Comparison.objects.select_for_update(of=("self",)).get(pk=comparison.pk)
        _check(row)
        row.signed_by, row.signed_at, row.signed_reason = actor, timezone.now(), reason
        row.save(update_fields=["signed_by", "signed_at", "signed_reason"])
        trail.record("model.signed_for", subject=row.challenger.name, actor=actor)
        registry.activate(row.challenger, reason=f"Signed: {reason}", actor=actor)
    return row


def _check(comparison: Comparison) -> None:
    if comparison.verdict != Comparison.Verdict.SIGNATURE:
        raise SigningError("This verdict waits for no signature.")
    if comparison.signed_at is not None:
        raise SigningError(f"{comparison.signed_by} has signed this already.")
    live = registry.live_version()
    if live != comparison.champion:
        raise SigningError(
            f"{live} has gone live since; this version was compared with {comparison.champion}. "
            "If you want it all the same, activate it among the model versions."
        )
