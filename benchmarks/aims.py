"""What a serving Beez should reach, held against what `serving.py` has measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

MESSAGE, CONVERSATION = "/classify-message", "/classify-conversation"


@dataclass(frozen=True)
class Aim:
    name: str
    least: float | None = None  # one of the two is given
    most: float | None = None
    unit: str = ""

    def row(self, measured: float | None) -> Json:
        return {
            "aim": self.name,
            "wanted": f"≥ {self.least:g}" if self.least else f"≤ {self.most:g}{self.unit}",
            "measured": measured,
            "unit": self.unit,
            "met": None if measured is None else self._met(measured),
        }

    def _met(self, measured: float) -> bool:
        return measured >= self.least if self.least else measured <= (self.most or 0)


def rows(figures: Json) -> list[Json]:
    """One for each aim; what was not measured this time is neither met nor missed."""
    return [aim.row(measured) for aim, measured in _pairs(figures)]


def _pairs(figures: Json) -> Iterator[tuple[Aim, float | None]]:
    for kind in figures["messages"]:
        one = _cell(figures, kind, MESSAGE, 1)
        eight = _cell(figures, kind, MESSAGE, 8)
        stored = _cell(figures, kind, CONVERSATION, 1)
        yield Aim(f"a {kind} message, p50: times faster", least=25), one.get("p50_ratio")
        yield (
            Aim(f"{kind} messages of 8 clients: times more a second", least=45),
            eight.get("rate_ratio"),
        )
        yield (
            Aim(f"a {kind} message, p50: times the engine's own", most=1.5),
            one.get("end_to_end_ratio"),
        )
        yield (
            Aim(f"a {kind} message of a conversation: the same", most=2.2),
            stored.get("end_to_end_ratio"),
        )
    beez = figures["beez"]
    yield Aim("memory of a serving process", most=250, unit=" MB"), beez["memory_bytes"] / 1e6
    yield Aim("a serving process is ready in", most=2, unit=" s"), beez["web_start_seconds"]
    yield (
        Aim("batches: part of the engine's rate on all cores", least=0.9),
        figures["bulk"]["ratio"],
    )


def _cell(figures: Json, kind: str, route: str, clients: int) -> Json:
    wanted = (kind, route, clients)
    cells = figures["cells"]
    return next((c for c in cells if (c["kind"], c["route"], c["clients"]) == wanted), {})
