"""Compares Beez, as `make run` starts it, with the design of the original service: see README.md.

`python benchmarks/serving.py --model var/models/NAME`; `--help` lists the options.
"""

import argparse
import json
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, cycle, islice, product
from pathlib import Path
from types import FrameType

import batches
import figures
import home
import load
import messages
import plot
import psutil
import report
import servers
from figures import Cell
from load import Post
from tqdm import tqdm

KINDS = ("short", "mixed")
ROUTES = ("/classify-message", "/classify-conversation")
ROUNDS = 6
CONVERSATION = 5  # messages
TEXTS = 1_000  # of each kind; whoever gets to their end begins anew
ALONE = 60  # messages of the engine by itself in a round
BUSY_SECONDS = 0.3


def main() -> None:
    options = _options()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        cells, results = _run(options)
    except KeyboardInterrupt:
        sys.exit("Stopped.")
    except (servers.StartError, load.BadAnswerError, ConnectionError) as error:
        sys.exit(f"✗ {error}")
    page = report.markdown(results)
    print(f"\n{page}")
    if options.markdown:
        options.markdown.write_text(page)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")
    if options.plot:
        plot.save(cells, results, options.plot)


def _run(options: argparse.Namespace) -> tuple[list[Cell], figures.Json]:
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        place = home.existing(options.home) if options.home else home.temporary(options.model)
        own = stack.enter_context(place)
        print("Starting both servers", flush=True)
        # The original first: it tries numbers of threads, and needs the machine to itself.
        original = stack.enter_context(servers.original(logs))
        beez = stack.enter_context(servers.beez(logs, environment=own.environment, key=own.key))
        engine = stack.enter_context(servers.engine(environment=own.environment))
        run = Run(original, beez, engine, options)
        if options.home:
            stack.callback(run.erase)
        stack.callback(_ignore_signals)
        cells = run.cells()
        rates = batches.measured(beez, engine, run.texts[KINDS[-1]])
        results = figures.results(
            cells,
            original=original,
            beez=beez,
            texts=run.texts,
            client=load.overhead(),
            bulk=rates,
        )
        return cells, results


class Run:
    """The requests of one benchmark."""

    def __init__(
        self,
        original: servers.Server,
        beez: servers.Server,
        engine: servers.Engine,
        options: argparse.Namespace,
    ) -> None:
        self.original, self.beez, self.engine = original, beez, engine
        self.options = options
        self.texts = {kind: messages.chosen(kind, TEXTS) for kind in KINDS}
        self._name = f"benchmark-{uuid.uuid4().hex[:8]}"
        self._numbers = count(1)
        self._conversations: list[str] = []

    def cells(self) -> list[Cell]:
        cells = [Cell(*one) for one in product(KINDS, ROUTES, self.options.concurrency)]
        for kind, route in product(KINDS, ROUTES):  # warm up
            most = max(self.options.concurrency)
            self._round(Cell(kind, route, most), 0, tqdm(disable=True))
        with tqdm(total=len(cells) * ROUNDS, unit="round", disable=None) as progress:
            for cell, number in product(cells, range(ROUNDS)):
                self._round(cell, number, progress)
                progress.update()
        return cells

    def erase(self) -> None:
        """Take the benchmark's conversations out of Beez again."""
        with load.Client(self.beez.port, key=self.beez.key) as client:
            for name in self._conversations:
                client.json("DELETE", f"/conversation/{name}")

    def _round(self, cell: Cell, number: int, progress: "tqdm[None]") -> None:
        """Both servers get the same messages in the same order for the same time, one after the
        other, for the machine has its moods."""
        cell.busy.append(psutil.cpu_percent(interval=BUSY_SECONDS))  # nothing is asked meanwhile
        texts = self.texts[cell.kind]
        first = number * len(texts) // ROUNDS
        for name, server, samples in (
            ("original", self.original, cell.original),
            ("Beez", self.beez, cell.beez),
        ):
            progress.set_description(f"{cell.kind}, {cell.route}, {cell.clients} at once, {name}")
            ours = cycle(texts[first:] + texts[:first])
            streams = [self._posts(cell.route, ours) for _ in range(cell.clients)]
            seconds = self.options.seconds
            samples.append(load.measure_for(seconds, streams, port=server.port, key=server.key))
        if cell.clients == 1:
            cell.engine += self.engine.seconds([*islice(cycle(texts[first:] + texts), ALONE)])

    def _posts(self, route: str, texts: Iterator[str]) -> Iterator[Post]:
        """Of one client; all share the texts. A conversation is one client's."""
        for number in count():
            text = next(texts)
            if route == "/classify-message":
                yield Post(route, {"message": text})
                continue
            if number % CONVERSATION == 0:
                name = f"{self._name}-{next(self._numbers)}"
                self._conversations.append(name)
            yield Post(route, {"conversation_id": name, "message": text})


def _stop(number: int, frame: FrameType | None) -> None:
    _ignore_signals()
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    """From here on things are being stopped, and a second Ctrl-C would leave some behind."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--concurrency", type=int, nargs="+", default=[1, 8], help="clients at once (1 8)")
    add("--seconds", type=float, default=3, help="that a server is asked in each round (3)")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--model", type=Path, help="model folder to serve; without it, train one")
    place.add_argument("--home", type=Path, help="BEEZ_HOME to serve from, with its live model")
    add("--markdown", type=Path, metavar="FILE", help="write the tables there, too")
    add("--json", type=Path, metavar="FILE", help="write the figures there")
    add("--plot", type=Path, metavar="FILE.png", help="draw them there")
    options = parser.parse_args()
    if options.seconds <= 0 or min(options.concurrency) < 1:
        parser.error("--seconds are more than 0, and --concurrency are numbers from 1 on.")
    if options.model:
        options.model = options.model.resolve()
    if options.model and not (options.model / "manifest.json").is_file():
        parser.error(f"{options.model} is no model folder.")
    return options


if __name__ == "__main__":
    main()
