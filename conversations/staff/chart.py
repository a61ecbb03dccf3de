"""The geometry of a conversation's timeline: one lane for each tag, the furthest along on top.

A dot stands in the lane of every tag that a message has, and a line follows the conversation's
tag from lane to lane. All lengths are in pixels of the SVG, which the template draws.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from conversations.staff.pills import css_class
from conversations.tagging import is_switch

LABELS, LANE, TOP, BOTTOM = 160, 38, 26, 26
PLOT, NARROWEST, WIDEST = 750, 15, 130  # width of all messages; of one message
NUMBERED = 26  # width that a number needs; below it every fifth message has one
NO_TAG = "no tag"


@dataclass(frozen=True, kw_only=True)
class Point:
    """A message: the tags that hold for it, and the conversation's tag before and after it."""

    position: int
    title: str
    tags: Sequence[str]
    before: str | None
    after: str | None
    corrected: bool = False
    check: bool = False


@dataclass(frozen=True, kw_only=True)
class Lane:
    label: str
    css: str
    y: int


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A message where it stands on the axis, a dot in each of `lanes`."""

    point: Point
    x: int
    lanes: list[Lane]
    switch: str | None  # what the switch at this message is called
    numbered: bool

    @property
    def top(self) -> int:
        """Where its highest dot stands."""
        return min(lane.y for lane in self.lanes)


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A straight piece of the conversation's line."""

    x1: int
    y1: int
    x2: int
    y2: int
    css: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    width: int
    height: int
    lanes: list[Lane]
    marks: list[Mark]
    line: list[Stretch]


def draw(
    points: Sequence[Point], tags: Iterable[str], *, label: Callable[[str], str] = str
) -> Chart:
    """A chart of messages in order; `tags` are all there are, by stage, the first one lowest,
    and `label` says what a tag is called."""
    lanes = _lanes(tags, label)
    step = max(NARROWEST, min(WIDEST, PLOT // max(1, len(points))))
    xs = [LABELS + step // 2 + step * number for number in range(len(points))]
    line = [
        stretch
        for x, point in zip(xs, points, strict=True)
        for stretch in _stretches(point, x, step, lanes)
    ]
    return Chart(
        width=LABELS + step * len(points),
        height=TOP + LANE * len(lanes) + BOTTOM,
        lanes=list(lanes.values()),
        marks=[_mark(point, x, step, lanes) for x, point in zip(xs, points, strict=True)],
        line=line,
    )


def _lanes(tags: Iterable[str], label: Callable[[str], str]) -> dict[str | None, Lane]:
    keys: list[str | None] = [*reversed(list(tags)), None]
    return {
        key: Lane(
            label=NO_TAG if key is None else label(key),
            css="tag" if key is None else css_class(key),
            y=TOP + LANE * number + LANE // 2,
        )
        for number, key in enumerate(keys)
    }


def _mark(point: Point, x: int, step: int, lanes: Mapping[str | None, Lane]) -> Mark:
    keys: Sequence[str | None] = point.tags or [None]
    switch = None
    if is_switch(point.before, point.after):
        switch = f"Switch from {point.before} to {point.after or NO_TAG}"
    return Mark(
        point=point,
        x=x,
        lanes=[lanes[key] for key in keys],
        switch=switch,
        numbered=step >= NUMBERED or point.position % 5 == 0,
    )


def _stretches(point: Point, x: int, step: int, lanes: Mapping[str | None, Lane]) -> list[Stretch]:
    """Half a step in the lane before, down or up at the message, half a step in the lane after."""
    before, after = lanes[point.before], lanes[point.after]
    half = step // 2
    line = [Stretch(x1=x, y1=after.y, x2=x + step - half, y2=after.y, css=after.css)]
    if point.position > 1:
        line.insert(0, Stretch(x1=x - half, y1=before.y, x2=x, y2=before.y, css=before.css))
        if before is not after:
            line.insert(1, Stretch(x1=x, y1=before.y, x2=x, y2=after.y, css="riser"))
    return line
