"""What was measured, summed up as JSON: times in milliseconds unless a name says otherwise."""

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from load import Sample
from servers import Server

Json = dict[str, Any]

PACKAGES = ("torch", "transformers", "fastapi", "uvicorn", "django", "granian", "onnxruntime")


@dataclass
class Cell:
    """What was measured of one route with so many clients: a sample for each round."""

    route: str
    clients: int
    original: list[Sample] = field(default_factory=list)
    beez: list[Sample] = field(default_factory=list)
    engine: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)  # per cent of the cores, by others, each round
    lengths: list[int] = field(default_factory=list)  # characters, where one client sends them all


def results(
    cells: Sequence[Cell],
    *,
    original: Server,
    beez: Server,
    messages: Sequence[str],
    client: float,
) -> Json:
    lengths = sorted(map(len, messages))
    return {
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        },
        "messages": {
            "count": len(lengths),
            "median_characters": lengths[len(lengths) // 2],
            "longest_characters": lengths[-1],
        },
        "client_alone": client * 1000,
        "busy_percent": statistics.median(value for cell in cells for value in cell.busy),
        "original": _process(original) | {"torch_threads": original.ready["torch_threads"]},
        "beez": _process(beez) | {"model": beez.ready["model_version"]},
        "cells": [_cell(cell) for cell in cells],
    }


def _cell(cell: Cell) -> Json:
    pairs = zip(cell.original, cell.beez, strict=True)
    ratios = [_p50(one.answers) / _p50(other.answers) for one, other in pairs]
    original, beez = _server(cell.original), _server(cell.beez)
    figures = {
        "route": cell.route,
        "clients": cell.clients,
        "original": original,
        "beez": beez,
        "p50_ratio": original["p50"] / beez["p50"],
        "p50_ratio_of_rounds": sorted(ratios),
        "busy_percent_of_rounds": cell.busy,
    }
    if cell.engine:
        engine = _p50(cell.engine)
        figures |= {"engine_p50": engine, "end_to_end_ratio": beez["p50"] / engine}
        figures["lengths"] = _by_length(cell)
    return figures


def _by_length(cell: Cell) -> list[Json]:
    """p50 of both for the shortest, middle and longest third: the original pads, Beez does not."""
    original, beez = (
        [taken for sample in samples for taken in sample.answers]
        for samples in (cell.original, cell.beez)
    )
    ranked = sorted(zip(cell.lengths, original, beez, strict=True))
    thirds = [ranked[n * len(ranked) // 3 : (n + 1) * len(ranked) // 3] for n in range(3)]
    return [
        {
            "characters": [third[0][0], third[-1][0]],
            "original_p50": _p50(row[1] for row in third),
            "beez_p50": _p50(row[2] for row in third),
        }
        for third in thirds
        if third
    ]


def _server(samples: Sequence[Sample]) -> Json:
    answers = [taken for sample in samples for taken in sample.answers]
    return {
        "requests": len(answers),
        "p50": _p50(answers),
        "p95": sorted(answers)[int(0.95 * (len(answers) - 1))] * 1000,
        "requests_per_second": len(answers) / sum(sample.wall for sample in samples),
    }


def _process(server: Server) -> Json:
    return {
        "start_seconds": server.start,
        "web_start_seconds": server.web_start,
        "memory_bytes": server.memory(),
    }


def _p50(seconds: Iterable[float]) -> float:
    return statistics.median(seconds) * 1000


def _processor() -> str:
    """Linux names it in /proc/cpuinfo."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
