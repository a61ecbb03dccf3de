"""Where the time of one request goes, from the first byte sent to the last one received.

`python benchmarks/timeline.py --model var/models/NAME --plot timeline.png`. One client asks one
message after the other; each part is the median over the requests, so they add up nearly, not
quite. The engine's time is that within the request; alone, in a process that does nothing else, it
is shorter, for there its weights and its code are still in the processor's caches.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING

import home
import load
import messages
import report
import servers
from load import Post
from tqdm import tqdm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROUTES = ("/classify-message", "/classify-conversation")
KINDS = ("short", "mixed")
CONVERSATION = 5  # messages
WARM_UP = 60
# The marks of timed_web.py in their order, and what lies before each of them.
PARTS = {
    "asked": "",
    "reached": "to the server",
    "read": "its body",
    "placed": "a thread for it",
    "engine": "Django, before",
    "decided": "engine",
    "wait": "",
    "seen": "the look, where it is not there yet",
    "store": "the rule",
    "stored": "Postgres stores",
    "answered": "Django, after",
    "received": "back to the client",
}
GROUPS = {
    "web server": (
        "#8a8a8a",
        ("to the server", "its body", "a thread for it", "back to the client"),
    ),
    "Django and Beez": ("#5b8fb9", ("Django, before", "the rule", "Django, after")),
    "engine": ("#c77700", ("engine",)),
    "waiting for Postgres": (
        "#6a994e",
        ("the look, where it is not there yet", "Postgres stores"),
    ),
}

Marks = dict[str, float]
Case = tuple[str, str]  # kind and route


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder, home.temporary(options.model) as own:
        place = Path(folder)
        environment = {**own.environment, "TIMELINE": str(place / "timeline")}
        script = str(Path(__file__).with_name("timed_web.py"))
        with (
            servers.web(place, "web", script, environment=environment, key=own.key) as web,
            servers.engine(environment=own.environment) as engine,
        ):
            found = dict(_measured(web, place / "timeline", options.messages))
            alone = {
                kind: statistics.median(engine.seconds(messages.chosen(kind, options.messages)))
                for kind in KINDS
            }
    print(report.table(["milliseconds", *map(" ".join, found)], _rows(found, alone)))
    if options.plot:
        _draw(found, options.plot)


def _measured(
    web: servers.Server, timeline: Path, count: int
) -> Iterator[tuple[Case, dict[str, float]]]:
    with (
        load.Client(web.port, key=web.key) as client,
        tqdm(total=len(KINDS) * len(ROUTES) * (count + WARM_UP), unit="request") as progress,
    ):
        for kind, route in product(KINDS, ROUTES):
            asked: list[tuple[float, float]] = []
            for post in _posts(kind, route, count + WARM_UP):
                started = time.perf_counter()
                taken = client.seconds(post)
                asked.append((started, started + taken))
                progress.update()
            time.sleep(0.2)  # the last one writes its line after its answer
            lines = [json.loads(line) for line in timeline.read_text().splitlines()]
            ours = [one for one in lines if one.get("reached", 0) >= asked[WARM_UP][0]]
            rows = zip(asked[WARM_UP:], ours, strict=True)
            yield (
                (kind, route),
                _medians({"asked": a, **marks, "received": b} for (a, b), marks in rows),
            )


def _posts(kind: str, route: str, count: int) -> Iterator[Post]:
    for number, text in enumerate(messages.chosen(kind, count)):
        body = {"message": text}
        if route != ROUTES[0]:
            body["conversation_id"] = f"timeline-{kind}-{number // CONVERSATION}"
        yield Post(route, body)


def _medians(requests: Iterable[Marks]) -> dict[str, float]:
    """Milliseconds of each part, and of all."""
    rows = list(requests)
    passed = [mark for mark in PARTS if mark in rows[0]]
    found = {
        PARTS[after]: statistics.median(row[after] - row[before] for row in rows) * 1e3
        for before, after in pairwise(passed)
        if PARTS[after]
    }
    return found | {"all": statistics.median(r["received"] - r["asked"] for r in rows) * 1e3}


def _rows(found: dict[Case, dict[str, float]], alone: dict[str, float]) -> Iterator[list[str]]:
    for part in [*filter(None, PARTS.values()), "all"]:
        yield [part, *(f"{one[part]:.2f}" if part in one else "" for one in found.values())]
    yield ["the engine, alone", *(f"{alone[kind] * 1e3:.2f}" for kind, _ in found)]


def _draw(found: dict[Case, dict[str, float]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.4), layout="constrained", dpi=150)
    axes: Axes = figure.subplots()
    names = [f"{kind} message\n{route}" for kind, route in found]
    groups = {part: name for name, (_, parts) in GROUPS.items() for part in parts}
    for row, parts in enumerate(found.values()):
        left = 0.0
        for part in filter(parts.get, filter(None, PARTS.values())):
            colour, _ = GROUPS[groups[part]]
            axes.barh(row, parts[part], left=left, color=colour, edgecolor="white")
            left += parts[part]
        axes.text(left, row, f" {parts['all']:.1f} ms", va="center", fontsize="small")
    for name, (colour, _) in GROUPS.items():
        axes.barh(0, 0, color=colour, label=name)
    axes.set_yticks(range(len(names)), names, fontsize="small")
    axes.invert_yaxis()
    axes.margins(x=0.08)
    axes.set(xlabel="milliseconds, medians", title="Where the time of a request goes")
    axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=4)
    figure.savefig(path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--model", type=Path, help="folder of a model to serve; else one is trained")
    add("--messages", type=int, default=400, help="of each kind and route (400)")
    add("--plot", type=Path, metavar="FILE.png", help="draw it there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
