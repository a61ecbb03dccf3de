"""Thresholds that people set while the service runs: the one write path, and what holds now.

A change is a row. Every process follows within two seconds, and no activation undoes it: a
probability is calibrated, so "from 60 in 100 on" means the same with the next model.
"""

from collections.abc import Mapping

from django.db import transaction

from beez.audit import trail
from classifier import ledger
from classifier.decision import Overrides
from classifier.models import Tag, ThresholdChange


class ThresholdError(ValueError):
    """Changes that cannot be made: a sentence for each tag, None being the global threshold."""

    def __init__(self, problems: Mapping[str | None, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def change(
    *, values: Mapping[str | None, float | None], actor: str, note: str = ""
) -> list[ThresholdChange]:
    """Set thresholds, all of them or none. The key None is the global threshold; the value None
    takes back what people have set there. Raises ThresholdError."""
    check(values)
    rows = [
        ThresholdChange(tag_id=tag, value=value, actor=actor, note=note)
        for tag, value in values.items()
    ]
    with transaction.atomic():
        ledger.lock(ThresholdChange)
        for tag, value in values.items():
            trail.record("threshold.changed", subject=tag or "all tags", actor=actor, to=value)
        return ThresholdChange.objects.bulk_create(rows)


def check(values: Mapping[str | None, float | None]) -> None:
    """Raise ThresholdError unless `change` would take them."""
    problems = _problems(values)
    if problems:
        raise ThresholdError(problems)


def overrides() -> Overrides:
    """What people have set and not taken back, in one query."""
    newest = list(ThresholdChange.objects.order_by("tag_id", "-id").distinct("tag_id"))
    values = {row.tag_id: row.value for row in newest if row.value is not None}
    return Overrides(
        threshold=values.pop(None, None),
        tags={tag: value for tag, value in values.items() if tag is not None},
        newest=max((row.pk for row in newest), default=None),
    )


def _problems(values: Mapping[str | None, float | None]) -> dict[str | None, str]:
    known = list(Tag.objects.values_list("name", flat=True))
    found: dict[str | None, str] = {}
    for tag, value in values.items():
        if tag is not None and tag not in known:
            found[tag] = f"There is no tag {tag!r}. Tags are: {', '.join(known)}."
        elif value is not None and not 0 < value < 1:
            found[tag] = "A threshold lies between 0 and 1, and is neither."
    return found
