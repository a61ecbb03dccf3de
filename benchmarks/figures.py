"""What was measured, summed up as JSON: times in milliseconds unless a name says otherwise."""

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import messages
from batches import Bulk
from load import Sample
from servers import Server

from classifier import cores

Json = dict[str, Any]

PACKAGES = ("torch", "transformers", "fastapi", "uvicorn", "django", "granian", "onnxruntime")


@dataclass
class Cell:
    """What was measured of one kind of messages, route and number of clients: a sample a round."""

    kind: str
    route: str
    clients: int
    original: list[Sample] = field(default_factory=list)
    beez: list[Sample] = field(default_factory=list)
    engine: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)  # per cent of the cores, by others, each round


def results(
    cells: Sequence[Cell],
    *,
    original: Server,
    beez: Server,
    texts: Mapping[str, Sequence[str]],
    client: float,
    bulk: Bulk,
) -> Json:
    return {
        "machine": {
            "processor": _processor(),
            "vnni": _has_vnni(),
            "cores": cores.available(),
            "cores_of_the_machine": os.cpu_count(),
            "python": platform.python_version(),
            "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        },
        "messages": {kind: _lengths(chosen) for kind, chosen in texts.items()},
        "client_alone": client * 1000,
        "busy_percent": statistics.median(value for cell in cells for value in cell.busy),
        "original": _process(original) | {"torch_threads": original.ready["torch_threads"]},
        "beez": _process(beez) | {"model": beez.ready["model_version"]},
        "cells": [_cell(cell) for cell in cells],
        "bulk": bulk.figures(),
    }


def _lengths(texts: Sequence[str]) -> Json:
    return {
        "count": len(texts),
        "median_characters": statistics.median_high(map(len, texts)),
        "longest_characters": max(map(len, texts)),
        "median_tokens": statistics.median_high(map(messages.tokens, texts)),
    }


def _cell(cell: Cell) -> Json:
    pairs = zip(cell.original, cell.beez, strict=True)
    ratios = [_p50(one.answers) / _p50(other.answers) for one, other in pairs]
    original, beez = _server(cell.original), _server(cell.beez)
    figures = {
        "kind": cell.kind,
        "route": cell.route,
        "clients": cell.clients,
        "original": original,
        "beez": beez,
        "p50_ratio": original["p50"] / beez["p50"],
        "rate_ratio": beez["requests_per_second"] / original["requests_per_second"],
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
    beez = sorted(_with_lengths(cell.beez))
    original = _with_lengths(cell.original)
    found = []
    for part in range(3):
        third = beez[part * len(beez) // 3 : (part + 1) * len(beez) // 3]
        least, most = (third[0][0], third[-1][0]) if third else (0, 0)
        if theirs := [taken for size, taken in original if least <= size <= most]:
            found.append(
                {
                    "characters": [least, most],
                    "original_p50": _p50(theirs),
                    "beez_p50": _p50(taken for _, taken in third),
                }
            )
    return found


def _with_lengths(samples: Iterable[Sample]) -> list[tuple[int, float]]:
    return [pair for one in samples for pair in zip(one.lengths, one.answers, strict=True)]


def _server(samples: Sequence[Sample]) -> Json:
    answers = [taken for sample in samples for taken in sample.answers]
    return {
        "requests": len(answers),
        "p50": _p50(answers),
        "p95": sorted(answers)[int(0.95 * (len(answers) - 1))] * 1000,
        "requests_per_second": statistics.median(sample.rate for sample in samples),
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
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _has_vnni() -> bool | None:
    """Instructions for products of small integers, which an int8 model is made of."""
    flags = _cpuinfo("flags").split()
    return any("vnni" in flag for flag in flags) if flags else None


def _cpuinfo(name: str) -> str:
    """Linux alone has the file; what it says of the first core."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
