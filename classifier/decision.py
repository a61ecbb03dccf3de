"""When a tag holds, and when that is in doubt: from a probability and a threshold.

Pure arithmetic. A threshold is what a person set for the tag, else what a person set for all
tags, else what the model chose; the engine itself knows only the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import exp, log
from typing import Literal

from classifier.manifest import Band, Manifest

Source = Literal["model", "global", "tag"]


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What people have set: a threshold for all tags (None: nothing), and some tags' own."""

    threshold: float | None = None
    tags: Mapping[str, float] = field(default_factory=dict)
    newest: int | None = None  # id of the newest change that is in it

    def changed(self, tag: str | None, value: float | None) -> "Overrides":
        """With a threshold set for `tag`, or for all tags when None; the value None resets it."""
        if tag is None:
            return replace(self, threshold=value)
        kept = {name: own for name, own in self.tags.items() if name != tag}
        return replace(self, tags=kept if value is None else {**kept, tag: value})


@dataclass(frozen=True, kw_only=True)
class Row:
    """A threshold in force and where it comes from; the global one where `tag` is None."""

    tag: str | None
    threshold: float
    source: Source
    model_threshold: float


@dataclass(frozen=True, kw_only=True)
class InForce:
    """The thresholds that decide with a model: the global one, and every tag's in its order."""

    overall: Row
    tags: tuple[Row, ...]

    @cached_property
    def thresholds(self) -> dict[str, float]:
        return {row.tag: row.threshold for row in self.tags if row.tag is not None}


def in_force(manifest: Manifest, overrides: Overrides) -> InForce:
    """Overrides for tags that the model does not know have no effect."""
    return InForce(
        overall=_row(None, manifest.threshold, overrides),
        tags=tuple(_row(tag, manifest.thresholds[tag], overrides) for tag in manifest.tags),
    )


def _row(tag: str | None, model_threshold: float, overrides: Overrides) -> Row:
    threshold = model_threshold
    source: Source = "model"
    if tag is not None and tag in overrides.tags:
        threshold, source = overrides.tags[tag], "tag"
    elif overrides.threshold is not None:
        threshold, source = overrides.threshold, "global"
    return Row(tag=tag, threshold=threshold, source=source, model_threshold=model_threshold)


def asks_for_review(probability: float, *, threshold: float, band: Band | None) -> bool:
    """Whether too many decisions at this probability are wrong for nobody to look.

    `band` is where cross-validation said so, [low, high). A threshold that a person moved out of
    it widens it up to there: what lies between has been decided against the model's advice.
    """
    if band is None:
        return False
    low, high = band
    return min(low, threshold) <= probability < max(high, threshold)


def uncertainty(probabilities: Mapping[str, float], thresholds: Mapping[str, float]) -> float:
    """How close the decision of the closest tag is, from 0 (far) to 1 (on its threshold).

    The smaller odds over the larger ones, of the probability and of the threshold: the nearness
    to the decision boundary of uncertainty sampling (Lewis and Gale 1994), on the logit scale.
    """
    return max(
        (exp(-abs(_logit(p) - _logit(thresholds[tag]))) for tag, p in probabilities.items()),
        default=0.0,
    )


def _logit(probability: float) -> float:
    p = min(max(probability, 1e-12), 1 - 1e-12)
    return log(p) - log(1 - p)
