"""What the staff page says of a threshold before it is saved: sentences, pictures, examples.

A picture counts the messages by their confidence. All lengths are in pixels of the SVG.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from beez.staff.pages import counted
from classifier import live, thresholds
from classifier.decision import InForce, in_force
from conversations import answers
from conversations.consequences import COLUMNS, Becomes, Effect, Example, Foresight, foresee
from conversations.staff.page import address
from conversations.staff.pills import css_class

WIDTH, HEIGHT = 600, 120
COLUMN = WIDTH // COLUMNS
EDGE = COLUMNS // 10  # columns at either end, where most messages stand, may go beyond the picture


@dataclass(frozen=True, kw_only=True)
class Column:
    """Messages of about one confidence; `beyond`: how many, where they are not all shown."""

    x: int
    y: int
    height: int
    says: str
    beyond: str

    @property
    def middle(self) -> int:
        return self.x + COLUMN // 2


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A threshold on the axis; its name stands on the side away from the other one."""

    x: int
    anchor: Literal["start", "end"]


@dataclass(frozen=True, kw_only=True)
class Picture:
    columns: Sequence[Column]
    now: Mark
    new: Mark

    @property
    def left(self) -> int:
        """Where the messages that change begin."""
        return min(self.now.x, self.new.x)

    @property
    def width(self) -> int:
        return abs(self.new.x - self.now.x)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A message as an example, and where it stands."""

    text: str
    address: str
    confidence: float
    becomes: Becomes


@dataclass(frozen=True, kw_only=True)
class Line:
    """A tag that the change touches."""

    effect: Effect
    css: str
    outcome: str
    judged: str
    picture: Picture
    examples: Sequence[Shown]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """`keeping`: tags that a change for all leaves alone, since each has one of its own."""

    foresight: Foresight
    compared: str
    lines: Sequence[Line]
    keeping: Sequence[str]


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
        compared=counted(foresight.messages, "stored message"),
        lines=[_line(effect) for effect in foresight.effects],
        keeping=[] if tag else _with_one_of_its_own(before),
    )


def _with_one_of_its_own(found: InForce) -> list[str]:
    return [row.tag for row in found.tags if row.tag is not None and row.source == "tag"]


def _line(effect: Effect) -> Line:
    return Line(
        effect=effect,
        css=css_class(effect.tag),
        outcome=_outcome(effect),
        judged=_judged(effect),
        picture=_picture(effect),
        examples=[_shown(example) for example in effect.examples],
    )


def _outcome(effect: Effect) -> str:
    have = f"{effect.having:,} {'has' if effect.having == 1 else 'have'} it now."
    moved = counted(effect.moved, "message") if effect.moved else "No message"
    return f"{moved} would {'gain' if effect.gains else 'lose'} the tag; {have}"


def _judged(effect: Effect) -> str:
    """By what people have said of the messages that change."""
    known = effect.right + effect.wrong
    if not effect.moved:
        return ""
    if not known:
        them = "it" if effect.moved == 1 else "any of them"
        return f"Nobody has reviewed {them}, so whether that is right cannot be told."
    right, wrong = _becoming(effect.right, "right"), _becoming(effect.wrong, "wrong")
    return f"Of {known:,} that staff have reviewed, {right} and {wrong}."


def _becoming(count: int, what: Becomes) -> str:
    return f"{count:,} {'becomes' if count == 1 else 'become'} {what}"


def _shown(example: Example) -> Shown:
    message = example.message
    return Shown(
        text=answers.shortened(message.text),
        address=address(message.conversation_id, message.position),
        confidence=example.probability,
        becomes=example.becomes,
    )


def _picture(effect: Effect) -> Picture:
    highest = max(effect.columns[EDGE:-EDGE]) or max(effect.columns) or 1
    return Picture(
        columns=[_column(number, count, highest) for number, count in enumerate(effect.columns)],
        now=Mark(x=round(effect.before * WIDTH), anchor="start" if effect.gains else "end"),
        new=Mark(x=round(effect.after * WIDTH), anchor="end" if effect.gains else "start"),
    )


def _column(number: int, count: int, highest: int) -> Column:
    height = round(HEIGHT * min(count / highest, 1))
    low, high = number / COLUMNS, (number + 1) / COLUMNS
    return Column(
        x=number * COLUMN,
        y=HEIGHT - height,
        height=height,
        says=f"{low:.2f} to {high:.2f}: {counted(count, 'message')}",
        beyond=f"{count:,}" if count > highest else "",
    )
