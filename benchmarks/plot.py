"""Draws what `serving.py` has measured: how long answers take, and how many come in a second."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Cell, Json

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROUTE = "/classify-message"
COLOURS = {"original": "#8a8a8a", "beez": "#c77700"}
NAMES = {"original": "the original's design", "beez": "Beez"}
STYLES = {"short": "-", "mixed": "--"}


def save(cells: Sequence[Cell], results: Json, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained", dpi=150)
    times, rates = figure.subplots(1, 2)
    _times(times, [cell for cell in cells if cell.route == ROUTE and cell.clients == 1])
    _rates(rates, [cell for cell in results["cells"] if cell["route"] == ROUTE])
    machine = results["machine"]
    figure.suptitle(f"POST {ROUTE} on {machine['cores']} cores of {machine['processor']}")
    figure.savefig(path)


def _times(axes: "Axes", cells: Sequence[Cell]) -> None:
    """The share of answers that have come after so many milliseconds."""
    for cell in cells:
        for server, colour in COLOURS.items():
            taken = [seconds * 1e3 for one in getattr(cell, server) for seconds in one.answers]
            axes.ecdf(
                taken,
                color=colour,
                linestyle=STYLES[cell.kind],
                label=f"{NAMES[server]}, {cell.kind} messages",
            )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set(title="one client", xlabel="milliseconds", ylabel="answers that have come")
    axes.grid(alpha=0.3, which="both")
    if cells:
        axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)


def _rates(axes: "Axes", cells: Sequence[Json]) -> None:
    names = [f"{cell['kind']}\n{cell['clients']} at once" for cell in cells]
    for number, (server, colour) in enumerate(COLOURS.items()):
        places = [place + (number - 0.5) * 0.4 for place in range(len(cells))]
        rates = [cell[server]["requests_per_second"] for cell in cells]
        bars = axes.bar(places, rates, 0.38, color=colour, label=NAMES[server])
        axes.bar_label(bars, [f"{rate:.0f}" for rate in rates], fontsize="small")
    axes.set_xticks(range(len(names)), names, fontsize="small")
    axes.set(title="how many a second", ylabel="answers a second")
    axes.margins(y=0.1)
    axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
