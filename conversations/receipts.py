"""Receipts of erasures: begun, added to, finished, and told as JSON.

A receipt knows its subject by a digest that only this installation's SECRET_KEY makes, so that who
has the id can find the receipt, and who has the receipt cannot find the id.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from beez.api.instants import instant
from beez.audit import trail
from classifier import registry
from classifier.models import ModelVersion
from conversations.models import Receipt

Json = dict[str, Any]

# Kinds of rows as receipts call them; a table that is not named here goes by its own name.
KINDS = {
    "Conversation": "conversations",
    "Message": "messages",
    "PredictedTag": "predictions",
    "TagSwitch": "switches",
    "Review": "reviews",
    "ShadowAnswer": "shadow_answers",
    "Claim": "claims",
    "Skip": "skips",
}


def begin(kind: Receipt.Kind, subject: str, *, actor: str) -> Receipt:
    """A new receipt, or the one of the same subject that has not finished."""
    with transaction.atomic():
        receipt, made = Receipt.objects.get_or_create(
            kind=kind,
            subject_digest=digest(kind, subject),
            finished_at=None,
            defaults={"subject": subject, "actor": actor},
        )
        if made:  # by its number, for an id may say who the customer is
            trail.record(
                "conversation.erased", subject=f"receipt {receipt.number}", actor=actor, by=kind
            )
    return receipt


def unfinished(kind: Receipt.Kind, subject: str) -> Receipt | None:
    found = Receipt.objects.filter(kind=kind, subject_digest=digest(kind, subject))
    return found.filter(finished_at=None).first()


def add(receipt: Receipt, *, erased: Mapping[str, int], traces: "Traces") -> None:
    """Add what a slice of the erasure has found; the caller holds the row's lock."""
    receipt.erased = dict(Counter(receipt.erased) + Counter(erased))
    receipt.datasets = {
        name: dict(Counter(receipt.datasets.get(name, {})) + Counter(traces.get(name) or {}))
        for name in sorted({*receipt.datasets, *(name for name, found in traces.items() if found)})
    }
    unknown = {name for name, found in traces.items() if found is None}
    receipt.unreadable = sorted({*receipt.unreadable, *unknown})
    receipt.save(update_fields=["erased", "datasets", "unreadable"])


def kind(label: str) -> str:
    """What a receipt calls the rows of a model, such as "conversations.Message"."""
    name = label.rpartition(".")[2]
    return KINDS.get(name, name.lower())


def finish(receipt: Receipt) -> None:
    """From now on nothing says whose it was but the digest."""
    receipt.subject, receipt.finished_at = "", timezone.now()
    receipt.save(update_fields=["subject", "finished_at"])


def digest(kind: Receipt.Kind, subject: str) -> str:
    return salted_hmac(
        "conversations.receipts", f"{kind}:{subject}", algorithm="sha256"
    ).hexdigest()


def told(receipt: Receipt) -> Json:
    """The receipt as JSON. Which versions had learnt is looked up now, for a training that went on
    during the erasure may have registered one since."""
    versions = list(_versions(receipt))
    return {
        "number": str(receipt.number),
        "kind": receipt.kind,
        "by": receipt.actor,
        "begun_at": instant(receipt.created_at),
        "finished_at": instant(receipt.finished_at),
        "erased": dict(sorted(receipt.erased.items(), key=_order)),
        "data_sets": [{"digest": name, **found} for name, found in receipt.datasets.items()],
        "model_versions": versions,
        "unknown_data_sets": receipt.unreadable,
        "remains": list(_remains(receipt, versions)),
    }


Traces = Mapping[str, Mapping[str, int] | None]
"""By the digest of a data set: messages learnt from and tested on; None where nobody can tell."""


def _order(row: tuple[str, int]) -> int:
    names = list(KINDS.values())
    return names.index(row[0]) if row[0] in names else len(names)


def _versions(receipt: Receipt) -> Iterator[Json]:
    live = registry.live_version()
    known = {*receipt.datasets, *receipt.unreadable}
    for version in ModelVersion.objects.filter(dataset_digest__in=known).order_by("pk"):
        found = receipt.datasets.get(version.dataset_digest)
        yield {
            "version": version.name,
            "learnt": found.get("learnt", 0) if found else None,
            "tested": found.get("tested", 0) if found else None,
            "live": version == live,
        }


def _remains(receipt: Receipt, versions: list[Json]) -> Iterator[str]:
    if receipt.finished_at is None:
        yield "The erasure has not finished. It goes on by itself, and when you ask again."
    if any(one["learnt"] for one in versions):
        yield (
            "The model versions named here keep what they had learnt; their folders hold no text. "
            "The next training leaves the messages out."
        )
    if any(found.get("tested") for found in receipt.datasets.values()):
        yield "SHA-256 digests of messages that were tested on, so that nothing learns from them."
    if receipt.unreadable:
        yield "Data sets whose files are gone or damaged may have held messages of it."
    yield "Backups made before, until you let them expire."
