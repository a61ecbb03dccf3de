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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice, pairwise, product
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
TEXTS = 1_000  # of each kind
BLOCK = 40  # requests of a case before it is another's turn
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


@dataclass
class Case:
    kind: str
    route: str
    posts: Iterator[Post]
    requests: list[Marks] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.kind} {self.route}"


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
            cases = list(_measured(web, place / "timeline", options.messages))
            alone = {
                kind: statistics.median(engine.seconds(messages.chosen(kind, options.messages)))
                for kind in KINDS
            }
    found = {str(case): _medians(case.requests) for case in cases}
    engines = [alone[case.kind] * 1e3 for case in cases]
    print(report.table(["milliseconds", *found], _rows(list(found.values()), engines)))
    if options.plot:
        _draw(found, options.plot)


def _measured(web: servers.Server, timeline: Path, count: int) -> Iterator[Case]:
    """A block of each case by turns, for the machine has its moods; the first round warms up."""
    cases = [Case(kind, route, _posts(kind, route)) for route, kind in product(ROUTES, KINDS)]
    blocks = -(-count // BLOCK)
    with (
        load.Client(web.port, key=web.key) as client,
        tqdm(total=(blocks + 1) * len(cases), unit="block") as progress,
    ):
        for number, case in product(range(blocks + 1), cases):
            asked = []
            for post in islice(case.posts, BLOCK):
                started = time.perf_counter()
                taken = client.seconds(post)
                asked.append((started, started + taken))
            time.sleep(0.05)  # the last one writes its line after its answer
            lines = [json.loads(line) for line in timeline.read_text().splitlines()[-BLOCK:]]
            if number:
                case.requests += [
                    {"asked": one, **marks, "received": other}
                    for (one, other), marks in zip(asked, lines, strict=True)
                ]
            progress.update()
    yield from cases


def _posts(kind: str, route: str) -> Iterator[Post]:
    for number, text in enumerate(cycle(messages.chosen(kind, TEXTS))):
        body = {"message": text}
        if route != ROUTES[0]:
            body["conversation_id"] = f"timeline-{kind}-{number // CONVERSATION}"
        yield Post(route, body)


def _medians(rows: Sequence[Marks]) -> dict[str, float]:
    """Milliseconds of each part, and of all."""
    passed = [mark for mark in PARTS if mark in rows[0]]
    found = {
        PARTS[after]: statistics.median(row[after] - row[before] for row in rows) * 1e3
        for before, after in pairwise(passed)
        if PARTS[after]
    }
    return found | {"all": statistics.median(r["received"] - r["asked"] for r in rows) * 1e3}


def _rows(found: Sequence[Marks], engines: Sequence[float]) -> Iterator[list[str]]:
    for part in [*filter(None, PARTS.values()), "all"]:
        yield [part, *(f"{one[part]:.2f}" if part in one else "" for one in found)]
    yield ["the engine, alone", *(f"{taken:.2f}" for taken in engines)]


def _draw(found: dict[str, dict[str, float]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.4), layout="constrained", dpi=150)
    axes: Axes = figure.subplots()
    names = [name.replace(" ", " message\n") for name in found]
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
