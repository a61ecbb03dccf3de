"""The geometry of the plot of a comparison: a row for all tags and for each tag, a mark where the
difference lies, and a line over what chance could make. All lengths are in pixels of the SVG.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.card import comparison_text

LABELS, PLOT, WORDS = 190, 380, 190  # widths: names, differences, findings
ROW, TITLE, GAP, AXIS = 26, 30, 14, 34  # heights
SCALES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # the largest difference that fits


@dataclass(frozen=True, kw_only=True)
class Line:
    label: str
    title: str
    finding: str
    words: str
    y: int
    x: int
    low: int
    high: int
    overall: bool


@dataclass(frozen=True, kw_only=True)
class Block:
    title: str
    y: int
    lines: list[Line]


@dataclass(frozen=True, kw_only=True)
class Forest:
    width: int
    height: int
    labels: int  # where names end
    words: int  # where findings begin
    zero: int
    top: int
    bottom: int
    blocks: list[Block]
    ticks: list[tuple[int, str]]  # where, and what stands there


def draw(report: Mapping[str, Any]) -> Forest | None:
    """A block for each part that decides; None where there is none."""
    parts = [part for part in report["parts"] if part["judged"]]
    if not parts:
        return None
    scale = _scale(parts)
    blocks, y = [], 0
    for part in parts:
        block = _block(part, y, scale)
        blocks.append(block)
        y += TITLE + ROW * len(block.lines) + GAP
    return Forest(
        width=LABELS + PLOT + WORDS,
        height=y + AXIS,
        labels=LABELS - 14,
        words=LABELS + PLOT + 14,
        zero=_x(0, scale),
        top=TITLE,
        bottom=y,
        blocks=blocks,
        ticks=[(_x(at, scale), f"{at:+g}" if at else "0") for at in _ticks(scale)],
    )


def _block(part: Mapping[str, Any], y: int, scale: float) -> Block:
    return Block(
        title=f"{comparison_text.title(part)}: {part['messages']} messages",
        y=y + TITLE - 10,
        lines=[
            _line(label, row, y=y + TITLE + ROW * at + ROW // 2, scale=scale, overall=not at)
            for at, (label, row) in enumerate(comparison_text.lines(part))
        ],
    )


def _line(label: str, row: Mapping[str, Any], *, y: int, scale: float, overall: bool) -> Line:
    words = comparison_text.FINDINGS[row["finding"]]
    return Line(
        label=label,
        title=f"{label}: {row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f}), "
        f"{words}",
        finding=row["finding"],
        words="" if row["finding"] == "same" else words,
        y=y,
        x=_x(row["difference"], scale),
        low=_x(row["low"], scale),
        high=_x(row["high"], scale),
        overall=overall,
    )


def _scale(parts: list[Any]) -> float:
    rows = [row for part in parts for row in (part["overall"], *part["per_tag"].values())]
    widest = max(max(abs(row["low"]), abs(row["high"])) for row in rows)
    return next((scale for scale in SCALES if widest <= scale), SCALES[-1])


def _ticks(scale: float) -> list[float]:
    return [-scale, -scale / 2, 0, scale / 2, scale]


def _x(difference: float, scale: float) -> int:
    return round(LABELS + PLOT / 2 + difference / scale * (PLOT / 2 - 12))
