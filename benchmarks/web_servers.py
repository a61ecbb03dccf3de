"""Compares web servers, their processes and threads, and the engine's threads, under Beez.

`python benchmarks/web_servers.py --model var/models/NAME`; `--help` lists the options. The servers
take turns in short rounds, so what others do to the machine hits all of them; read the ratios.
gunicorn is compared where it is installed (`pip install gunicorn`); Beez itself does not need it.
"""

import argparse
import importlib.util
import json
import statistics
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import home
import load
import psutil
import servers
from load import Post
from tqdm import tqdm

MESSAGES = servers.CHECKOUT / "training" / "data" / "seed.jsonl"
BATCH = 32
KINDS = ("message", "batch", "conversation")
HTTP1 = ("--http", "1", "--no-ws")
COMMANDS = {
    "beez": ("-m", "beez.launch.web"),
    "granian-wsgi": (
        *("-m", "granian", "--interface", "wsgi", "beez.wsgi:application", *HTTP1),
        *("--port", "{port}", "--workers", "{workers}", "--blocking-threads", "{threads}"),
    ),
    "gunicorn-gthread": (
        *("-m", "gunicorn", "beez.wsgi", "--bind", "127.0.0.1:{port}", "--keep-alive", "30"),
        *("--worker-class", "gthread", "--workers", "{workers}", "--threads", "{threads}"),
    ),
    "gunicorn-sync": (
        *("-m", "gunicorn", "beez.wsgi", "--bind", "127.0.0.1:{port}"),
        *("--workers", "{workers}"),
    ),
}


@dataclass(frozen=True)
class Setup:
    """Written like `beez:1x8/1`: server, processes, threads of each, threads of the engine."""

    server: str
    workers: int
    threads: int
    engine: int

    @classmethod
    def parse(cls, text: str) -> "Setup":
        try:
            server, _, rest = text.partition(":")
            sizes, _, engine = rest.partition("/")
            workers, _, threads = sizes.partition("x")
            if server not in COMMANDS:
                raise ValueError
            return cls(server, int(workers), int(threads), int(engine))
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not like beez:1x8/1") from None

    def __str__(self) -> str:
        return f"{self.server}:{self.workers}x{self.threads}/{self.engine}"

    @property
    def command(self) -> list[str]:
        sizes = {"workers": self.workers, "threads": self.threads, "port": "{port}"}
        return [part.format(**sizes) for part in COMMANDS[self.server]]

    def settings(self) -> dict[str, str]:
        return {
            "WEB_WORKERS": str(self.workers),
            "WEB_THREADS": str(self.threads),
            "WEB_WAITING": "1000",
            "ENGINE_THREADS": str(self.engine),
        }


DEFAULTS = (
    *("beez:1x8/1", "beez:1x8/2", "beez:1x4/1", "beez:2x4/1", "beez:2x1/1"),
    *("granian-wsgi:1x8/1", "gunicorn-gthread:1x8/1", "gunicorn-sync:2x1/1"),
)


def main() -> None:
    options = _options()
    setups = [one for one in options.setup if _is_installed(one)]
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        place = home.existing(options.home) if options.home else home.temporary(options.model)
        own = stack.enter_context(place)
        running = {
            setup: stack.enter_context(
                servers.web(
                    logs,
                    str(setup).replace("/", "-"),
                    *setup.command,
                    environment={**own.environment, **setup.settings()},
                    key=own.key,
                )
            )
            for setup in tqdm(setups, desc="Starting", unit="server")
        }
        for kind in options.kind:
            for clients in options.concurrency:
                _print(kind, clients, _measure(running, kind, clients, options))


def _measure(
    running: dict[Setup, servers.Server], kind: str, clients: int, options: argparse.Namespace
) -> dict[Setup, list[load.Sample]]:
    """A round of each server by turns; the first round of each warms it up."""
    samples: dict[Setup, list[load.Sample]] = {setup: [] for setup in running}
    posts = _posts(kind, _messages())
    each = max(1, options.requests // clients // (8 if kind == "batch" else 1))
    for number in range(options.rounds + 1):
        for setup, server in running.items():
            shares = [list(islice(posts, each)) for _ in range(clients)]
            sample = load.measure(shares, port=server.port, key=server.key)
            if number:
                samples[setup].append(sample)
    return samples


def _print(kind: str, clients: int, samples: dict[Setup, list[load.Sample]]) -> None:
    print(f"\n{kind}, {clients} at once (the processor was {psutil.cpu_percent():.0f}% busy)\n")
    print("| server:processes x threads/engine's | p50, ms | p95, ms | per second | ratio of p50 |")
    print("| --- | --- | --- | --- | --- |")
    first = None
    for setup, rounds in samples.items():
        taken = sorted(seconds for sample in rounds for seconds in sample.answers)
        median, late = statistics.median(taken), taken[int(len(taken) * 0.95)]
        rate = statistics.median(len(sample.answers) / sample.wall for sample in rounds)
        first = first or median
        print(
            f"| `{setup}` | {median * 1e3:.1f} | {late * 1e3:.1f} | {rate:.0f} "
            f"| {median / first:.2f} |",
            flush=True,
        )


def _messages() -> Iterator[str]:
    """Shipped ones, over and over."""
    texts = [json.loads(line)["message"] for line in MESSAGES.read_text().splitlines()[::7]]
    while True:
        yield from texts


def _posts(kind: str, messages: Iterator[str]) -> Iterator[Post]:
    while True:
        if kind == "message":
            yield Post("/classify-message", {"message": next(messages)})
        elif kind == "batch":
            yield Post("/classify-messages", {"messages": list(islice(messages, BATCH))})
        else:
            name = f"benchmark-{uuid.uuid4().hex}"
            yield Post(
                "/classify-conversation", {"conversation_id": name, "message": next(messages)}
            )


def _is_installed(setup: Setup) -> bool:
    package = setup.command[1].partition(".")[0]
    return package == "beez" or importlib.util.find_spec(package) is not None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--model", type=Path, help="folder of a model to serve; else one is trained")
    where.add_argument("--home", type=Path, help="a BEEZ_HOME with a live model")
    parser.add_argument("--setup", type=Setup.parse, nargs="+", default=_parsed(DEFAULTS))
    parser.add_argument("--kind", choices=KINDS, nargs="+", default=KINDS)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 4, 8, 32])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=96, help="of a server in a round")
    return parser.parse_args()


def _parsed(texts: Sequence[str]) -> list[Setup]:
    return [Setup.parse(text) for text in texts]


if __name__ == "__main__":
    main()
