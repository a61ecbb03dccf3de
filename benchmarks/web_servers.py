"""Compares web servers, their processes and threads, and the engine's threads, under Beez.

`python benchmarks/web_servers.py --model var/models/NAME`; `--help` lists the options. The servers
take turns in short rounds, so what others do to the machine hits all of them; read the ratios,
which are medians over the rounds. The first setup runs in every group, the others a few at once.
gunicorn is compared where it is installed (`pip install gunicorn`); Beez itself does not need it.
"""

import argparse
import statistics
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import cycle, islice, product
from pathlib import Path

import home
import load
import messages
import psutil
import report
import servers
from load import Post
from setups import DEFAULTS, Setup

BATCH = 32
KINDS = ("message", "batch", "conversation")


@dataclass(frozen=True)
class Result:
    """Of a setup, for one kind of request and number of clients: seconds, answers a second, and
    both in times of the first setup's."""

    p50: float
    p95: float
    rate: float
    p50_ratio: float
    rate_ratio: float


Results = dict[tuple[str, int], Result]


def main() -> None:
    options = _options()
    first, *others = [one for one in options.setup if one.is_installed]
    results: dict[Setup, Results] = {}
    memory: dict[Setup, int] = {}
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        place = home.existing(options.home) if options.home else home.temporary(options.model)
        own = stack.enter_context(place)
        for start in range(0, max(1, len(others)), options.together):
            with ExitStack() as running:
                setups = [first, *others[start : start + options.together]]
                started = {one: running.enter_context(_server(one, logs, own)) for one in setups}
                for setup, found in _compared(started, options).items():
                    results.setdefault(setup, found)
                    memory.setdefault(setup, started[setup].memory_of_all())
    _print_all(results, memory)


def _server(setup: Setup, logs: Path, own: home.Home) -> AbstractContextManager[servers.Server]:
    environment = {**own.environment, **setup.settings()}
    name = str(setup).replace("/", "-")
    return servers.web(logs, name, *setup.command, environment=environment, key=own.key)


def _compared(
    running: Mapping[Setup, servers.Server], options: argparse.Namespace
) -> dict[Setup, Results]:
    results: dict[Setup, Results] = {setup: {} for setup in running}
    for kind, clients in product(options.kind, options.concurrency):
        busy = psutil.cpu_percent(interval=0.3)  # nothing is asked meanwhile
        samples = _measure(running, kind, clients, options)
        reference = next(iter(samples.values()))
        for setup, rounds in samples.items():
            results[setup][kind, clients] = _result(rounds, reference)
        _print(kind, clients, {setup: one[kind, clients] for setup, one in results.items()}, busy)
    return results


def _measure(
    running: Mapping[Setup, servers.Server], kind: str, clients: int, options: argparse.Namespace
) -> dict[Setup, list[load.Sample]]:
    """A round of each server by turns; the first round of each warms it up."""
    samples: dict[Setup, list[load.Sample]] = {setup: [] for setup in running}
    posts = _posts(kind, cycle(messages.chosen(options.messages, 480)))
    each = max(1, options.requests // clients // (8 if kind == "batch" else 1))
    for number in range(options.rounds + 1):
        for setup, server in running.items():
            shares = [list(islice(posts, each)) for _ in range(clients)]
            sample = load.measure(shares, port=server.port, key=server.key)
            if number:
                samples[setup].append(sample)
    return samples


def _result(rounds: Sequence[load.Sample], reference: Sequence[load.Sample]) -> Result:
    taken = sorted(seconds for sample in rounds for seconds in sample.answers)
    pairs = list(zip(rounds, reference, strict=True))
    return Result(
        p50=statistics.median(taken),
        p95=taken[int(len(taken) * 0.95)],
        rate=statistics.median(one.rate for one in rounds),
        p50_ratio=statistics.median(_p50(one) / _p50(other) for one, other in pairs),
        rate_ratio=statistics.median(one.rate / other.rate for one, other in pairs),
    )


def _p50(sample: load.Sample) -> float:
    return statistics.median(sample.answers)


def _print(kind: str, clients: int, results: Mapping[Setup, Result], busy: float) -> None:
    print(f"\n{kind}, {clients} at once (others kept the cores {busy:.0f}% busy)\n")
    head = ["server:processes x threads/engine's", "p50, ms", "p95, ms", "per second"]
    rows = [
        [
            f"`{setup}`",
            *(f"{seconds * 1e3:.1f}" for seconds in (one.p50, one.p95)),
            *(f"{one.rate:.0f}", f"{one.p50_ratio:.2f}", f"{one.rate_ratio:.2f}"),
        ]
        for setup, one in results.items()
    ]
    print(report.table([*head, "ratio of p50", "of rates"], rows), flush=True)


def _print_all(results: Mapping[Setup, Results], memory: Mapping[Setup, int]) -> None:
    """What to choose by, on one page: rates in times of the first setup's."""
    cells = list(next(iter(results.values())))
    print("\nAnswers a second in times of the first setup's, and the memory of all processes\n")
    rows = [
        [
            f"`{setup}`",
            *(f"{found[cell].rate_ratio:.2f}" for cell in cells),
            f"{memory[setup] / 1e6:.0f}",
        ]
        for setup, found in results.items()
    ]
    print(report.table(["", *(f"{kind}, {n}" for kind, n in cells), "MB"], rows))


def _posts(kind: str, texts: Iterator[str]) -> Iterator[Post]:
    while True:
        if kind == "message":
            yield Post("/classify-message", {"message": next(texts)})
        elif kind == "batch":
            yield Post("/classify-messages", {"messages": list(islice(texts, BATCH))})
        else:
            name = f"benchmark-{uuid.uuid4().hex}"
            yield Post("/classify-conversation", {"conversation_id": name, "message": next(texts)})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--model", type=Path, help="folder of a model to serve; else one is trained")
    where.add_argument("--home", type=Path, help="a BEEZ_HOME with a live model")
    parser.add_argument(
        "--setup", type=Setup.parse, nargs="+", default=[Setup.parse(text) for text in DEFAULTS]
    )
    parser.add_argument("--kind", choices=KINDS, nargs="+", default=KINDS)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 4, 8, 32])
    parser.add_argument("--messages", choices=("short", "mixed"), default="mixed")
    parser.add_argument("--together", type=int, default=4, help="setups beside the first (4)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=96, help="of a server in a round")
    return parser.parse_args()


if __name__ == "__main__":
    main()
