"""How long a single message waits while full batches are classified.

`python benchmarks/full_batches.py [--model FOLDER] [--batches N] [--seconds N]`. Without a model
one that has learnt nothing is made (untrained.py): its speed is that of a trained one. N clients
send the largest batch that is allowed again and again, also after a refusal; another sends one
short message after another and asks for `/health` after each.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import home
import load
import servers
from load import Post

LENGTH, SIZE = 5_000, 256
MESSAGE = Post("/classify-message", {"message": "Any code for new customers?"})
WORDS = "Is this jacket with the blue lining cheaper when I order two before the weekend? "


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="beez-benchmark-") as folder:
        model = given.model or home.untrained(Path(folder))
        with (
            home.temporary(model) as prepared,
            servers.beez(
                Path(folder), environment=prepared.environment, key=prepared.key
            ) as server,
        ):
            print(json.dumps(measure(server, given.batches, given.seconds), indent=2))


def measure(server: servers.Server, batches: int, seconds: float) -> dict[str, object]:
    alone = _singles(server, seconds=5)
    until = time.monotonic() + seconds
    answered: list[float] = []
    refused: Counter[str] = Counter()
    threads = [
        threading.Thread(target=_batches, args=(server, until, answered, refused), daemon=True)
        for _ in range(batches)
    ]
    for thread in threads:
        thread.start()
    time.sleep(1)
    beside = _singles(server, seconds=seconds - 1)
    for thread in threads:
        thread.join(60)
    return {
        "single messages alone": _told(alone),
        f"beside {batches} clients with full batches": _told(beside),
        "batches": _told(answered) if answered else {"count": 0},
        "batches refused": dict(refused),
    }


def _singles(server: servers.Server, *, seconds: float) -> list[float]:
    found, until = [], time.monotonic() + seconds
    with load.Client(server.port, key=server.key) as client:
        while time.monotonic() < until:
            started = time.perf_counter()
            client.seconds(MESSAGE)
            client.json("GET", "/health")
            found.append(time.perf_counter() - started)
            time.sleep(0.05)
    return found


def _batches(
    server: servers.Server, until: float, answered: list[float], refused: Counter[str]
) -> None:
    post = Post("/classify-messages", {"messages": [(WORDS * 80)[:LENGTH]] * SIZE})
    while time.monotonic() < until:
        try:
            with load.Client(server.port, key=server.key) as client:
                answered.append(client.seconds(post))
        except load.BadAnswerError as error:
            refused[str(error).partition(":")[0]] += 1
            time.sleep(1)


def _told(seconds: list[float]) -> dict[str, float]:
    return {
        "count": len(seconds),
        "median": round(statistics.median(seconds), 3),
        "longest": round(max(seconds), 3),
    }


if __name__ == "__main__":
    main()
