"""What storing a conversation's message costs beyond the engine: milliseconds and round trips.

In one process, with the limits of a web process and a model of a few words that costs next to
nothing, on a Postgres that flushes every commit. Two ways are compared by two checkouts; the time
on processors says most where others keep the machine busy:

    .venv/bin/python benchmarks/posting.py --messages 2000

`--away 1` puts Postgres a millisecond away, as one behind a network is, and `--model` takes the
time that a real model takes.
"""

import argparse
import cProfile
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import distance
import home
import servers

MODEL = "keywords"
TEXTS = ["I'm new here", "any discount?", "thanks", "I'd like to buy these", "which sizes?"]
TURNS = 10  # messages of a conversation that grows
WARM = 9  # messages before exchanges are counted
BLOCK = 20  # messages of a case before it is another's turn


@dataclass
class Taken:
    """What a case took: seconds of each message, and of processors in all."""

    times: list[float] = field(default_factory=list)
    here: float = 0.0
    postgres: float = 0.0

    def block(self, case: Callable[[int], object], numbers: range, backend: Path) -> None:
        here, postgres = time.process_time(), _on_processor(backend)
        for number in numbers:
            started = time.perf_counter()
            case(number)
            self.times.append(time.perf_counter() - started)
        self.here += time.process_time() - here
        self.postgres += _on_processor(backend) - postgres

    def row(self) -> str:
        tenth, count = statistics.quantiles(self.times, n=10)[0], len(self.times)
        found = statistics.median(self.times), tenth, self.here / count, self.postgres / count
        return " | ".join(f"{seconds * 1000:.2f}" for seconds in found)


def _on_processor(schedstat: Path) -> float:
    """Seconds that a process has run, by Linux's own count."""
    return int(schedstat.read_text().split()[0]) / 1e9


def main() -> None:
    options = _options()
    sys.path.insert(0, str(servers.CHECKOUT))
    from tests import keyword_model

    with tempfile.TemporaryDirectory() as folder:
        model = options.model or keyword_model.build(
            Path(folder), MODEL, words=keyword_model.SHIPPED_TAGS
        )
        with home.temporary(model) as place:
            _serve_here(place.environment, away=options.away / 1000)
            _measure(options)


def _serve_here(environment: dict[str, str], *, away: float) -> None:
    """Make this process what a web process is, without the server."""
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="beez.settings")
    import django

    from beez.database import limits
    from beez.launch import local

    local.prepare_environment()
    if away:
        there = Path(environment["BEEZ_HOME"]) / "postgres" / ".s.PGSQL.5432"
        port = distance.between(there, away)
        os.environ["DATABASE_URL"] = f"postgres://postgres@127.0.0.1:{port}/beez"
    limits.serve()
    django.setup()
    from classifier import live

    live.refresh()
    live.start_watcher()


def _measure(options: argparse.Namespace) -> None:
    from django.db import connection

    connection.ensure_connection()
    cases: dict[str, Callable[[int], object]] = {
        **_floor(connection.connection),
        **_posts(options.messages),
    }
    backend = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    trips = {name: _round_trips(case) for name, case in cases.items()}
    taken = {name: Taken() for name in cases}
    for start in range(0, options.messages, BLOCK):  # in turns, for the machine has its moods
        for name, case in cases.items():
            taken[name].block(case, range(start, start + BLOCK), backend)
    print(f"{options.messages} times each, in turns; milliseconds, and round trips\n")
    print("| | median | a tenth is below | processor here | in Postgres | trips |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, found in taken.items():
        print(f"| {name} | {found.row()} | {trips[name]} |")
    if options.profile:
        _profile(cases["a growing conversation"], options.messages)


def _floor(raw: Any) -> dict[str, Callable[[int], object]]:
    """What the disk and a bare exchange cost, without Django and without a rule."""
    raw.execute("CREATE TABLE IF NOT EXISTS floor (number int)")

    def transaction(number: int) -> None:
        raw.execute("BEGIN")
        raw.execute("INSERT INTO floor VALUES (%s)", [number])
        raw.execute("COMMIT")

    def by_itself(number: int) -> None:
        raw.execute("INSERT INTO floor VALUES (%s)", [number])

    return {
        "floor: SELECT 1": lambda _: raw.execute("SELECT 1"),
        "floor: one row by itself": by_itself,
        "floor: BEGIN, one row, COMMIT": transaction,
    }


def _posts(messages: int) -> dict[str, Callable[[int], object]]:
    from classifier import live
    from conversations import answers, ingest

    model = live.current()

    def post(**arguments: Any) -> None:
        posted = ingest.post(**arguments)
        answers.posted(posted, conversation_id=arguments["conversation_id"])

    def text(number: int) -> str:
        return TEXTS[number % len(TEXTS)]

    for number in range(10):
        post(conversation_id="repeated", text=text(number), message_id=f"m{number}")
    return {
        "classifying alone": lambda number: model.classify(text(number)),
        "a new conversation": lambda number: post(
            conversation_id=f"new-{time.monotonic_ns()}", text=text(number)
        ),
        "a growing conversation": lambda number: post(
            conversation_id=f"growing-{os.getpid()}-{number // TURNS}", text=text(number)
        ),
        "… with message ids": lambda number: post(
            conversation_id=f"ids-{os.getpid()}-{number // TURNS}",
            text=text(number),
            message_id=f"m-{time.monotonic_ns()}",
        ),
        "a repeated message id": lambda number: post(
            conversation_id="repeated", text=text(number), message_id=f"m{number % 10}"
        ),
        "the health check of a request": _health_check,
    }


def _health_check(_: int) -> None:
    """What the first statement of a request waits for."""
    from django.db import connection

    connection.close_if_unusable_or_obsolete()
    connection.close_if_health_check_failed()


def _round_trips(case: Callable[[int], object]) -> int:
    """How often Postgres says that it is ready again, by libpq's trace, once all is warm."""
    from django.db import connection

    for number in range(WARM):
        case(number)
    link = connection.connection.pgconn
    with tempfile.TemporaryFile() as trace:
        link.trace(trace.fileno())
        try:
            case(WARM)
        finally:
            link.untrace()
        trace.seek(0)
        return trace.read().count(b"ReadyForQuery")


def _profile(case: Callable[[int], object], messages: int) -> None:
    profile = cProfile.Profile()
    profile.enable()
    for number in range(messages, 2 * messages):
        case(number)
    profile.disable()
    profile.print_stats("tottime")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--messages", type=int, default=1000, help="of each case (1000)")
    add("--model", type=Path, help="folder of a model, in place of one of a few words")
    add("--away", type=float, default=0, help="milliseconds that an exchange takes more (0)")
    add("--profile", action="store_true", help="say where the time of this process goes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
