"""What the staff page shows of a threshold before it is saved: counts, pictures, examples.

The picture counts the messages by their confidence. All lengths are in pixels of the SVG.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from classifier import live, thresholds
from classifier.decision import InForce, in_force
from conversations.consequences import COLUMNS, Effect, Foresight, foresee
from conversations.pills import css_class

WIDTH, HEIGHT = 600, 120
COLUMN = WIDTH // COLUMNS
EDGE = COLUMNS // 10  # columns at either end, where most messages stand, are cut at the others


@dataclass(frozen=True, kw_only=True)
class Column:
    """Messages of about the same confidence; `cut` where there are more than the picture shows."""

    x: int
    y: int
    height: int
    count: int
    says: str
    cut: bool


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The columns, and where the thresholds of today and of then stand."""

    columns: Sequence[Column]
    before: int
    after: int

    @property
    def left(self) -> int:
        """Where what changes begins."""
        return min(self.before, self.after)

    @property
    def width(self) -> int:
        return abs(self.after - self.before)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A tag that the change touches."""

    effect: Effect
    css: str
    picture: Picture


@dataclass(frozen=True, kw_only=True)
class Preview:
    foresight: Foresight
    lines: Sequence[Line]
    keeping: Sequence[str]  # tags that a change for all leaves alone: each has one of its own


def preview(tag: str | None, value: float | None) -> Preview | None:
    """Of the change that `thresholds.change` would make; None where no model is live."""
    try:
        manifest = live.current().engine.manifest
    except live.NoModel:
        return None
    now = thresholds.overrides()
    before, after = in_force(manifest, now), in_force(manifest, now.changed(tag, value))
    foresight = foresee(before.thresholds, after.thresholds)
    return Preview(
        foresight=foresight,
        lines=[
            Line(effect=effect, css=css_class(effect.tag), picture=_picture(effect))
            for effect in foresight.effects
        ],
        keeping=[] if tag else _with_one_of_its_own(before),
    )


def _with_one_of_its_own(found: InForce) -> list[str]:
    return [row.tag for row in found.tags if row.tag is not None and row.source == "tag"]


def _picture(effect: Effect) -> Picture:
    highest = max(effect.columns[EDGE:-EDGE]) or max(effect.columns) or 1
    return Picture(
        columns=[_column(number, count, highest) for number, count in enumerate(effect.columns)],
        before=round(effect.before * WIDTH),
        after=round(effect.after * WIDTH),
    )


def _column(number: int, count: int, highest: int) -> Column:
    height = round(HEIGHT * min(count / highest, 1))
    return Column(
        x=number * COLUMN,
        y=HEIGHT - height,
        height=height,
        count=count,
        says=f"{number / COLUMNS:.2f} to {(number + 1) / COLUMNS:.2f}: {count:,} "
        f"message{'' if count == 1 else 's'}",
        cut=count > highest,
    )
