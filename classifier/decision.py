"""When a tag holds, and when that is in doubt: from a probability and a threshold.

Pure arithmetic. A threshold is what a person set for the tag, else what a person set for all
tags, else what the model chose; the engine itself knows only the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from classifier.manifest import Band, Manifest

Source = Literal["model", "global", "tag"]


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What people have set: a threshold for all tags (None: nothing), and some tags' own."""

    threshold: float | None = None
    tags: Mapping[str, float] = field(default_factory=dict)
    newest: int | None = None  # id of the newest change that is in it


@dataclass(frozen=True, kw_only=True)
class InForce:
    """The thresholds that decide with a model, and where each comes from."""

    threshold: float
    source: Source
    thresholds: dict[str, float]
    sources: dict[str, Source]


def in_force(manifest: Manifest, overrides: Overrides) -> InForce:
    """Overrides for tags that the model does not know have no effect."""
    chosen: dict[str, tuple[float, Source]] = {}
    for tag in manifest.tags:
        if tag in overrides.tags:
            chosen[tag] = overrides.tags[tag], "tag"
        elif overrides.threshold is not None:
            chosen[tag] = overrides.threshold, "global"
        else:
            chosen[tag] = manifest.thresholds[tag], "model"
    given = overrides.threshold is not None
    return InForce(
        threshold=manifest.threshold if overrides.threshold is None else overrides.threshold,
        source="global" if given else "model",
        thresholds={tag: threshold for tag, (threshold, _) in chosen.items()},
        sources={tag: source for tag, (_, source) in chosen.items()},
    )


def asks_for_review(probability: float, *, threshold: float, band: Band | None) -> bool:
    """Whether too many decisions at this probability are wrong for nobody to look.

    `band` is where cross-validation said so, [low, high). A threshold that a person moved out of
    it widens it up to there: what lies between has been decided against the model's advice.
    """
    if band is None:
        return False
    low, high = band
    return min(low, threshold) <= probability < max(high, threshold)
