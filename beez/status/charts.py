"""The geometry of the overview's small charts, in pixels of the SVG that a template draws."""

from collections.abc import Sequence
from dataclasses import dataclass

from beez.staff.pages import counted
from beez.status.agreement import Share
from beez.status.traffic import Day
from conversations.staff.pills import css_class

STEP, COLUMN = 30, 20  # from day to day; of that the column is wide
TOP, PLOT, BOTTOM = 16, 90, 18  # room for figures, for columns, for days
WHISKER = 200  # width of the line from none to all


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A coloured rectangle of a column."""

    y: int
    height: int
    css: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """A day: `figure` stands above it, `label` below, `title` says it all in words."""

    x: int
    middle: int
    pieces: list[Piece]
    figure: str
    figure_y: int
    label: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Columns:
    name: str
    today: str
    columns: list[Column]
    width: int
    height: int
    ground: int  # y of the line on which the columns stand

    @property
    def label_y(self) -> int:
        return self.height - 4


@dataclass(frozen=True, kw_only=True)
class Whisker:
    """A share as a dot on a line from none to all, and its interval as a bar; None: not known."""

    low: int
    high: int
    dot: int | None


def messages(days: Sequence[Day]) -> Columns:
    return _columns("Messages", "message", days, [[("plain", day.messages)] for day in days])


def switches(days: Sequence[Day]) -> Columns:
    return _columns(
        "Switches", "switch", days, [[("plain", day.switches)] for day in days], many="switches"
    )


def tags(days: Sequence[Day], names: Sequence[str]) -> Columns:
    """The tags of each day, one upon the other; the first of `names` stands lowest."""
    parts = [[(css_class(name), day.tags.get(name, 0)) for name in names] for day in days]
    return _columns("Tags given", "tag", days, parts)


def whisker(share: Share) -> Whisker:
    low, high = share.interval
    dot = round(WHISKER * share.agreed / share.of) if share.of else None
    return Whisker(low=round(WHISKER * low), high=round(WHISKER * high), dot=dot)


def _columns(
    name: str,
    unit: str,
    days: Sequence[Day],
    parts: Sequence[Sequence[tuple[str, int]]],
    *,
    many: str = "",
) -> Columns:
    totals = [sum(value for _, value in of_day) for of_day in parts]
    scale = PLOT / max(1, *totals)
    columns = [
        _column(number, day, of_day, scale, counted(total, unit, many))
        for number, (day, of_day, total) in enumerate(zip(days, parts, totals, strict=True))
    ]
    return Columns(
        name=name,
        today=f"{totals[-1]:,}",
        columns=columns,
        width=STEP * len(days),
        height=TOP + PLOT + BOTTOM,
        ground=TOP + PLOT,
    )


def _column(
    number: int, day: Day, parts: Sequence[tuple[str, int]], scale: float, told: str
) -> Column:
    pieces: list[Piece] = []
    total, top = 0, TOP + PLOT
    for css, value in parts:
        total += value
        y = TOP + PLOT - round(total * scale)
        if y < top:
            pieces.append(Piece(y=y, height=top - y, css=css))
        top = y
    return Column(
        x=STEP * number + (STEP - COLUMN) // 2,
        middle=STEP * number + STEP // 2,
        pieces=pieces,
        figure=_brief(total) if total else "",
        figure_y=top - 4,
        label=str(day.day.day),
        title=f"{day.day:%A, %d %B}: {told}",
    )


def _brief(number: int) -> str:
    """In the width of a column: `950`, `1.2k`, `23k`, `4M`."""
    if number < 1000:
        return str(number)
    if number < 9950:
        return f"{number / 1000:.1f}k"
    return f"{number / 1000:.0f}k" if number < 999_500 else f"{number / 10**6:.0f}M"
