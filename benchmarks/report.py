"""The figures of a benchmark as Markdown tables."""

from collections.abc import Iterable, Sequence
from typing import Any

import aims

Json = dict[str, Any]

HEAD = [
    *("messages", "route", "clients", "original p50", "p95", "req/s", "Beez p50", "p95", "req/s"),
    *("p50 ratio", "in rounds", "req/s ratio"),
]
VNNI = {True: "with VNNI", False: "without VNNI", None: "with or without VNNI"}
ANSWERS = {True: "yes", False: "no", None: "not measured"}


def markdown(figures: Json) -> str:
    machine = figures["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    original, beez = figures["original"], figures["beez"]
    alone = [cell for cell in figures["cells"] if "engine_p50" in cell]
    parts = [
        f"{machine['processor']} {VNNI[machine['vnni']]}, {machine['cores']} of its "
        f"{machine['cores_of_the_machine']} cores; Python {machine['python']}, {packages}.",
        f"{' '.join(_told(*item) for item in figures['messages'].items())} Times in milliseconds. "
        f"The client alone takes {figures['client_alone']:.2f} of them. Original: torch with "
        f"{original['torch_threads']} thread(s), the faster choice here. Beez: model "
        f"{beez['model']}. Others kept the cores {figures['busy_percent']:.0f}% busy meanwhile.",
        table(HEAD, map(_compared, figures["cells"])),
    ]
    if alone:
        head = ["messages of", "route", "original p50", "Beez p50", "ratio"]
        mixed = [cell for cell in alone if cell["kind"] == "mixed"]
        parts.append(table(head, [row for cell in mixed for row in _lengths_rows(cell)]))
        head = ["messages", "route", "end to end p50", "engine p50", "ratio"]
        parts.append(table(head, map(_end_to_end, alone)))
    parts.append(_batches(figures["bulk"]))
    rows = [_process_row("original", original), _process_row("Beez", beez)]
    parts.append(table(["", "start, s", "web process alone, s", "its memory, MB"], rows))
    parts.append(table(["aims", "wanted", "measured", "met"], map(_aim, aims.rows(figures))))
    return "\n\n".join(parts) + "\n"


def _told(kind: str, texts: Json) -> str:
    return (
        f"{texts['count']} {kind} shop messages for each line, median {texts['median_tokens']} "
        f"tokens and {texts['median_characters']} characters, longest "
        f"{texts['longest_characters']}."
    )


def _batches(bulk: Json) -> str:
    return (
        f"Batches of {bulk['batch']} mixed messages from one client: "
        f"{bulk['messages_per_second']:.0f} messages a second, {bulk['ratio']:.2f} of the "
        f"{bulk['engine_per_second']:.0f} of the engine on one thread times {bulk['cores']} cores."
    )


def _aim(row: Json) -> list[str]:
    measured = "" if row["measured"] is None else f"{row['measured']:.3g}{row['unit']}"
    return [row["aim"], row["wanted"], measured, ANSWERS[row["met"]]]


def _compared(cell: Json) -> list[str]:
    servers = [
        f"{server[name]:.1f}"
        for server in (cell["original"], cell["beez"])
        for name in ("p50", "p95", "requests_per_second")
    ]
    rounds = cell["p50_ratio_of_rounds"]
    spread = f"{rounds[0]:.0f} to {rounds[-1]:.0f}"
    ratios = [f"{cell['p50_ratio']:.1f}", spread, f"{cell['rate_ratio']:.1f}"]
    return [cell["kind"], cell["route"], str(cell["clients"]), *servers, *ratios]


def _lengths_rows(cell: Json) -> Iterable[list[str]]:
    for third in cell["lengths"]:
        original, beez = third["original_p50"], third["beez_p50"]
        span = "{} to {} characters".format(*third["characters"])
        yield [span, cell["route"], f"{original:.1f}", f"{beez:.1f}", f"{original / beez:.1f}"]


def _end_to_end(cell: Json) -> list[str]:
    figures = [cell["beez"]["p50"], cell["engine_p50"], cell["end_to_end_ratio"]]
    return [cell["kind"], cell["route"], *(f"{value:.2f}" for value in figures)]


def _process_row(name: str, process: Json) -> list[str]:
    starts = [process["start_seconds"], process["web_start_seconds"]]
    return [name, *(f"{value:.1f}" for value in starts), f"{process['memory_bytes'] / 1e6:.0f}"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns line up; all but the first to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    lines.insert(1, rule)
    return "\n".join(
        "| " + " | ".join(_padded(cell, widths[n], n) for n, cell in enumerate(line)) + " |"
        for line in lines
    )


def _padded(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column else cell.ljust(width)
