"""Whether a training is due: enough was reviewed since the last one, or what shapes it changed."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db.models import Max, Q

from classifier import text
from classifier.tags import in_use as tags_in_use
from conversations.models import Review
from training.datasets import files
from training.datasets.options import Options
from training.models import TrainingRun
from training.runs import full


class Recipe(Protocol):
    """What `TrainingConfig` has that matters here; the wing `learning` stands above this one."""

    def as_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Due:
    """`reason` is a sentence or two for staff; `reviewed` counts messages whose reviews came, or
    were withdrawn, since the last completed training, of `needed`."""

    is_due: bool
    reason: str
    reviewed: int
    needed: int


def assess(config: Recipe, paths: Sequence[Path] = (), *, options: Options | None = None) -> Due:
    """Whether a training by `config` on `paths` (none: as the settings say) is due now."""
    needed = settings.RETRAIN_AFTER_REVIEWS
    last = TrainingRun.objects.filter(state=TrainingRun.State.SUCCEEDED).first()
    if last is None:
        reviewed = _reviewed(up_to=0)
        reason = "Nothing has been trained yet."
        return Due(is_due=True, reason=reason, reviewed=reviewed, needed=needed)
    if last.config.get("preset") == full.QUICK:
        reason = "Only a quick first version has been trained yet."
        reviewed = _reviewed(up_to=0)
        return Due(is_due=True, reason=reason, reviewed=reviewed, needed=needed)
    options = options or Options.of_settings()
    reviewed = 0 if options.no_reviews else _reviewed_since(last)
    changes = list(_changes(last, shape(config, paths, options=options)))
    return Due(
        is_due=bool(changes) or reviewed >= needed,
        reason=" ".join(changes) or _told(reviewed, needed, last),
        reviewed=reviewed,
        needed=needed,
    )


def shape(
    config: Recipe, paths: Sequence[Path] = (), *, options: Options | None = None
) -> dict[str, Any]:
    """JSON-able: all that a training is made from beside the reviews."""
    return {
        "tags": dict(tags_in_use().values_list("name", "description")),
        "config": config.as_dict(),
        "reading": asdict(options or Options.of_settings()),
        "text_cleaning": text.VERSION,
        "redaction": sorted([*settings.REDACT, *settings.REDACT_PHONES_OF]),
        "files": [_digest_of(path) for path in files.of(paths)],
    }


def newest_review() -> int:
    """The number of the newest review, withdrawn or not; 0 where there is none."""
    return Review.objects.aggregate(newest=Max("pk"))["newest"] or 0


def _reviewed_since(last: TrainingRun) -> int:
    if last.reviews_up_to is None:
        return 0  # it was made before reviews were learnt from, so its shape differs as well
    return _reviewed(
        up_to=last.reviews_up_to,
        withdrawn=Q(pk__lte=last.reviews_up_to, withdrawn_at__gte=last.started_at),
    )


def _reviewed(*, up_to: int, withdrawn: Q | None = None) -> int:
    """Messages, not reviews: who changes a word on one ten times has reviewed one."""
    new = Q(pk__gt=up_to, withdrawn_at=None)
    found = Review.objects.filter(new if withdrawn is None else new | withdrawn)
    return found.order_by().values("message").distinct().count()


def _told(reviewed: int, needed: int, last: TrainingRun) -> str:
    if reviewed >= needed:
        return f"{reviewed} messages were reviewed since run {last.pk}; {needed} were needed."
    if not reviewed:
        return (
            f"Nothing has changed since run {last.pk}; there are 0 of {needed} reviewed messages "
            "needed for the next training."
        )
    return (
        f"Since run {last.pk} there are {reviewed} of {needed} reviewed messages needed for the "
        "next training; nothing else has changed."
    )


def _changes(last: TrainingRun, now: dict[str, Any]) -> Iterator[str]:
    """A sentence for each thing that differs."""
    before, since = last.shape, f"since run {last.pk}"
    if not before:
        yield f"Run {last.pk} was made by an older Beez, which did not note from what."
        return
    if before["tags"] != now["tags"]:
        yield f"Tags have changed {since} ({_tags(before['tags'], now['tags'])})."
    if before["files"] != now["files"]:
        yield f"The files of labelled messages have changed {since}."
    if before["reading"] != now["reading"]:
        yield f"How labelled messages are read has changed {since}."
    if before["text_cleaning"] != now["text_cleaning"]:
        yield f"What the model reads of a message has changed with a new Beez {since}."
    if before.get("redaction", []) != now["redaction"]:  # older runs had none
        yield f"What is taken out of messages has changed {since}."
    if before["config"] != now["config"]:
        names = _names(before["config"], now["config"])
        yield f"The settings of the training have changed {since} ({names})."


def _tags(before: dict[str, str], now: dict[str, str]) -> str:
    told = (
        ("new", sorted(set(now) - set(before))),
        ("gone", sorted(set(before) - set(now))),
        ("described anew", sorted(t for t in now if t in before and now[t] != before[t])),
    )
    return "; ".join(f"{what}: {', '.join(tags)}" for what, tags in told if tags)


def _names(before: dict[str, Any], now: dict[str, Any]) -> str:
    return ", ".join(sorted(k for k in {*before, *now} if before.get(k) != now.get(k)))


def _digest_of(path: Path) -> str | None:
    """The sha256 of a file's content; None where it cannot be read, which a training will tell."""
    try:
        found = path.stat()
        return _digest(path, found.st_mtime_ns, found.st_size)
    except OSError:
        return None


@lru_cache(maxsize=64)
def _digest(path: Path, modified: int, size: int) -> str:
    """Read once for a time and size, for the staff pages ask often."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
