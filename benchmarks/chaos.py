"""Kills and freezes Beez under load, then compares every acknowledged message with what is stored.

Several clients post conversations of many turns, and repeat a message under its `message_id` until
it is acknowledged. Meanwhile processes and servers are killed and frozen, in a random order that a
seed fixes. In the end every conversation is read back: what was acknowledged must be there once,
in order, with its text, and every history must be the one that follows.
"""

import argparse
import contextlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import chaos_clients
import home
import servers
from chaos_clients import Client, Prober
from chaos_faults import FAULTS, Target
from tqdm import tqdm

SETTLE_SECONDS = 120  # for the last messages, once nothing is broken any more
PAUSE_SECONDS = (1.0, 6.0)  # between two faults


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    texts = [json.loads(line)["message"] for line in options.messages.read_text().splitlines()]
    with (
        _redis(options.redis) as redis,
        home.temporary(options.model, scopes="classify,read,erase") as place,
        tempfile.TemporaryDirectory(prefix="beez-chaos-") as logs,
        _kept_up(place, Path(logs), redis=redis) as target,
    ):
        clients = [
            Client(target.port, place.key, number=n, texts=texts, seed=options.seed)
            for n in range(options.clients)
        ]
        prober = Prober(target.port)
        faults = _break(target, [*clients, prober], options)
        report = chaos_clients.compare(clients, target.port, place.key)
        discrepancies = home.manage(place.environment, "check_history")
    print(f"\nFaults: {_counted(faults)}")
    print(f"Answers: {_counted(sum((one.answers for one in clients), Counter()))}")
    print(
        f"Acknowledged: {report.acknowledged} messages in {report.conversations} conversations; "
        f"longest wait for an acknowledgement {max(one.longest for one in clients):.1f} s"
    )
    print(f"/health: {_counted(prober.answers)}; slowest answer {prober.slowest:.2f} s")
    print(f"Histories: {discrepancies.splitlines()[-1]}")
    for fault in report.faults:
        print(f"✗ {fault}")
    if report.faults:
        raise SystemExit(1)
    print("✓ Nothing lost, doubled or out of order.")


def _break(
    target: Target, threads: list[threading.Thread], options: argparse.Namespace
) -> "Counter[str]":
    """Break things for a while; ends when every client has its last message acknowledged."""
    draw = random.Random(options.seed)
    done: Counter[str] = Counter()
    names = [name for name in FAULTS if options.redis or "Redis" not in name]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + options.seconds
    with tqdm(total=options.seconds, unit="s", bar_format="{l_bar}{bar}| {postfix}") as progress:
        while time.monotonic() < deadline:
            time.sleep(draw.uniform(*PAUSE_SECONDS))
            name = draw.choice(names)
            progress.set_postfix_str(name)
            FAULTS[name](target)
            done[name] += 1
            progress.n = min(options.seconds, options.seconds - (deadline - time.monotonic()))
    for thread in threads:
        thread.stop()
    for thread in threads:
        thread.join(SETTLE_SECONDS)
        if thread.is_alive():
            raise SystemExit(f"✗ Beez did not come back within {SETTLE_SECONDS} seconds.")
    return done


@contextlib.contextmanager
def _kept_up(place: home.Home, logs: Path, *, redis: int) -> Iterator[Target]:
    """Beez, started anew whenever it ends, as an init system does."""
    environment = {
        **place.environment,
        "REDIS_URL": f"redis://127.0.0.1:{redis}/0" if redis else "",
    }
    target = Target(folder=Path(environment["BEEZ_HOME"]), port=servers.free_port(), redis=redis)
    environment["PORT"] = str(target.port)
    over = threading.Event()

    def keep() -> None:
        while not over.is_set():
            with (logs / "beez.log").open("ab") as log:
                target.up = subprocess.Popen(
                    [sys.executable, "manage.py", "up"],
                    cwd=servers.CHECKOUT,
                    env=environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
                target.up.wait()
            over.wait(0.5)

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        target.wait_ready()
        yield target
    except BaseException:
        print((logs / "beez.log").read_text()[-3_000:], file=sys.stderr)
        raise
    finally:
        over.set()
        target.thaw()
        if target.up:
            target.up.terminate()
        keeper.join(30)


@contextlib.contextmanager
def _redis(wanted: bool) -> Iterator[int]:
    """The port of a Redis of our own, started anew whenever it ends; 0 for none."""
    if not wanted:
        yield 0
        return
    if shutil.which("redis-server") is None:
        raise SystemExit("✗ redis-server is not installed. Install it, or leave out --redis.")
    port, over = servers.free_port(), threading.Event()

    def keep() -> None:
        while not over.is_set():
            command = ["redis-server", "--port", str(port), "--save", "", "--loglevel", "warning"]
            running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
            running[-1].wait()
            over.wait(2)

    running: list[subprocess.Popen[bytes]] = []
    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield port
    finally:
        over.set()
        for process in running:
            process.kill()
        keeper.join(10)


def _counted(counts: "Counter[str]") -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.most_common()) or "none"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--seconds", type=float, default=120, help="for how long things are broken (120)")
    add("--clients", type=int, default=8, help="clients at once (8)")
    add("--seed", type=int, default=1, help="of the order of faults and conversations (1)")
    add("--redis", action="store_true", help="with a Redis of its own, which is broken as well")
    add("--model", type=Path, help="model folder to serve; without it, train one")
    add("--messages", type=Path, default=servers.CHECKOUT / "training/data/seed.jsonl")
    options = parser.parse_args()
    if options.model:
        options.model = options.model.resolve()
    return options


if __name__ == "__main__":
    main()
