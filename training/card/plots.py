"""Draws the plots of a model card as PNG files, each from what the report holds for it.

Colours are Okabe and Ito's, told apart by readers with any colour vision. Figures are drawn
without pyplot, which keeps global state and is not for worker threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
DPI = 200  # twice the usual 100: sharp on dense screens
Report = Mapping[str, Any]


def draw(folder: Path, report: Report) -> list[str]:
    """Write the plots that `report` has figures for into `folder`; returns their file names."""
    drawn = []
    for name, (plot, needed) in _PLOTS.items():
        figures = _find(report, needed)
        if figures:
            save(folder / name, plot, figures, report)
            drawn.append(name)
    return drawn


def _find(report: Report, path: str) -> Any:
    """The value under a dotted path, None where a part is missing."""
    value: Any = report
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def save(path: Path, plot: Callable[..., None], *figures: Any) -> None:
    """Write a PNG of what `plot(axes, *figures)` draws, in the style of all plots."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    style = {
        "font.size": 10,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.titlepad": 12,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": "#e4e4e4",
        "legend.frameon": False,
    }
    with rc_context(style):
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        plot(figure.subplots(), *figures)
        figure.savefig(path, format="png", dpi=DPI)


def _training_curve(axes: Axes, history: Sequence[Mapping[str, Any]], report: Report) -> None:
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    epochs = [step["epoch"] for step in history]
    right = axes.twinx()
    for side, key, colour, mark, label in (
        (axes, "loss", GREY, "s", "training loss"),
        (right, "validation_micro_f1", BLUE, "o", "validation micro-F1"),
    ):
        values = [_number(step.get(key)) for step in history]
        if np.isnan(values).all():  # no validation messages
            side.set_yticks([])
            continue
        side.plot(epochs, values, color=colour, marker=mark, markersize=4)
        side.set_ylabel(label, color=colour)
        side.tick_params(axis="y", colors=colour)
    right.spines["right"].set_visible(True)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(title="Training", xlabel="epoch")
    axes.grid(axis="x")


def _threshold_curve(axes: Axes, curve: Sequence[Sequence[float]], report: Report) -> None:
    axes.plot([t for t, _ in curve], [_number(f1) for _, f1 in curve], color=BLUE)
    axes.set(title="Global threshold", xlabel="threshold", ylabel="micro-F1, held-out messages")
    axes.grid()
    if (chosen := report.get("threshold")) is not None:
        axes.axvline(chosen, color=ORANGE, linestyle="--", label=f"chosen: {chosen:.2f}")
        axes.legend()


def _per_tag_f1(axes: Axes, per_tag: Mapping[str, Mapping[str, Any]], report: Report) -> None:
    tags = sorted(per_tag, key=lambda tag: _number(per_tag[tag].get("f1")))
    values = [_number(per_tag[tag].get("f1")) for tag in tags]
    bars = axes.barh([f"{tag}  (n={per_tag[tag].get('support', '?')})" for tag in tags], values)
    for bar in bars:
        bar.set_color(BLUE)
    axes.bar_label(bars, fmt="%.2f", padding=4)
    axes.set(title="F1 by tag, test split", xlabel="F1", xlim=(0, 1.08))
    axes.grid(axis="x")


def _confusion(axes: Axes, confusion: Mapping[str, Any], report: Report) -> None:
    import numpy as np

    labels, counts = confusion["labels"], np.asarray(confusion["matrix"], dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        colour = "white" if share > 0.5 else "black"
        text = f"{share:.0%}" if counts[row, column] else "·"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(len(labels)), labels, rotation=30, ha="right")
    axes.set_yticks(range(len(labels)), labels)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set(
        title="Confusion, test split (each row sums to 100%)",
        xlabel="predicted tag",
        ylabel="tag in the data",
    )


def _reliability(axes: Axes, calibration: Mapping[str, Any], report: Report) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="perfectly calibrated")
    for key, colour, mark in (("before", ORANGE, "s"), ("after", BLUE, "o")):
        if not (side := calibration.get(key)):
            continue
        bins = [some for some in side.get("bins", []) if some[2]]
        ece = f", ECE {side['ece']:.3f}" if side.get("ece") is not None else ""
        axes.plot([b[0] for b in bins], [b[1] for b in bins], color=colour, label=f"{key}{ece}")
        largest = max((b[2] for b in bins), default=1)
        areas = [18 + 120 * b[2] / largest for b in bins]
        axes.scatter([b[0] for b in bins], [b[1] for b in bins], s=areas, color=colour, marker=mark)
    axes.set(
        title="Reliability, test split (larger mark: more predictions)",
        xlabel="mean probability",
        ylabel="share that has the tag",
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
    )
    axes.grid()
    axes.legend(loc="upper left")


def _coverage(axes: Axes, review: Mapping[str, Any], report: Report) -> None:
    axes.plot([p[0] for p in review["coverage"]], [p[1] for p in review["coverage"]], color=BLUE)
    kept, right = 1 - review.get("asked", 0), _number(review.get("exact_match_others"))
    axes.scatter([kept], [right], color=ORANGE, zorder=3)
    axes.annotate(
        f"without those for review:\n{kept:.0%} of the messages, {right:.1%} all right",
        (kept, right), xytext=(-8, -14), textcoords="offset points", ha="right", va="top",
        color=ORANGE,
    )  # fmt: skip
    axes.set(
        title="Accuracy by coverage, test split, surest messages first",
        xlabel="share of the messages",
        ylabel="share of these with all tags right",
        xlim=(0, 1.02),
    )
    axes.set_ylim(top=1.005)
    axes.grid()


def _counts(axes: Axes, sizes: Mapping[str, int], report: Report) -> None:
    """Messages with each tag by split where known, else the sizes of the splits alone."""
    per_tag = _find(report, "dataset.per_tag") or {
        split: {split: size} for split, size in sizes.items()
    }
    tags, left = list(per_tag)[::-1], [0] * len(per_tag)
    for split, colour in (("train", BLUE), ("validation", ORANGE), ("test", GREEN)):
        counts = [per_tag[tag].get(split, 0) for tag in tags]
        axes.barh(tags, counts, left=left, color=colour, label=split, edgecolor="white")
        left = [a + b for a, b in zip(left, counts, strict=True)]
    for row, total in enumerate(left):
        axes.text(total, row, f" {total}", va="center")
    axes.margins(x=0.1)
    axes.set(title="Messages in the data set", xlabel="messages")
    axes.grid(axis="x")
    axes.figure.legend(loc="outside lower center", ncols=3)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


_PLOTS: dict[str, tuple[Callable[..., None], str]] = {
    "training.png": (_training_curve, "history"),
    "threshold.png": (_threshold_curve, "threshold_curve"),
    "per_tag.png": (_per_tag_f1, "test.per_tag"),
    "confusion.png": (_confusion, "test.confusion"),
    "reliability.png": (_reliability, "test.calibration"),
    "coverage.png": (_coverage, "test.review"),
    "counts.png": (_counts, "dataset.sizes"),
}
