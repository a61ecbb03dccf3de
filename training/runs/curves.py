"""How a training's loss and score went over its epochs, as points of a small drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 260, 90  # of the drawing; the page scales it
MARGIN = 6

Curve = Sequence[Mapping[str, Any]]  # an epoch each
MEASURES = (
    ("loss", "Error while learning (loss): falling is good"),
    ("validation_micro_f1", "Score on messages kept apart (micro-F1): rising is good"),
)


@dataclass(frozen=True, kw_only=True)
class Chart:
    """`lines` are the points of a polyline for each network, the newest last."""

    title: str
    lines: Sequence[str]
    first: str
    last: str
    epochs: int
    width: int = WIDTH
    height: int = HEIGHT


def charts(curves: Sequence[Curve]) -> list[Chart]:
    """A chart for each measure that was taken in two epochs or more of one network."""
    return [chart for key, title in MEASURES if (chart := _chart(curves, key, title))]


def _chart(curves: Sequence[Curve], key: str, title: str) -> Chart | None:
    known = [[float(row[key]) for row in curve if key in row] for curve in curves]
    drawn = [values for values in known if len(values) >= 2]
    if not drawn:
        return None
    low, high = min(map(min, drawn)), max(map(max, drawn))
    longest = max(map(len, drawn))
    return Chart(
        title=title,
        lines=[_points(values, low, high, longest) for values in drawn],
        first=f"{drawn[-1][0]:.3f}",
        last=f"{drawn[-1][-1]:.3f}",
        epochs=len(drawn[-1]),
    )


def _points(values: Sequence[float], low: float, high: float, longest: int) -> str:
    across = (WIDTH - 2 * MARGIN) / (longest - 1)
    up = (HEIGHT - 2 * MARGIN) / (high - low or 1.0)
    return " ".join(
        f"{MARGIN + number * across:.1f},{HEIGHT - MARGIN - (value - low) * up:.1f}"
        for number, value in enumerate(values)
    )
