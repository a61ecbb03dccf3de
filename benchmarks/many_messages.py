"""How near many messages at once come to what the engine can do on all cores.

`python benchmarks/many_messages.py [--model FOLDER] [--messages N] [--rounds N]`. Without a model
one that has learnt nothing is made (untrained.py): its speed is that of a trained one. In turns:
the engine alone with one thread, `manage.py classify_file` over JSON lines and over a table, and
batches to `/classify-messages`, one after another; the medians count. The messages are the shipped
plain ones.
"""

import argparse
import csv
import itertools
import json
import os
import re
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import home
import load
import servers
from load import Post

sys.path.insert(0, str(servers.CHECKOUT))

from classifier import cores

PLAIN = servers.CHECKOUT / "training" / "data" / "plain.jsonl"
BATCH = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--messages", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="beez-benchmark-") as name:
        folder = Path(name)
        model = given.model or home.untrained(folder)
        with (
            home.temporary(model) as prepared,
            servers.engine(environment=prepared.environment) as engine,
            servers.beez(folder, environment=prepared.environment, key=prepared.key) as server,
        ):
            texts = _messages(given.messages)
            ways = {
                "engine, one thread": lambda: len(texts) / 4 / sum(engine.seconds(texts[::4])),
                "classify_file, JSON lines": _files(folder, prepared, texts, ".jsonl"),
                "classify_file, table": _files(folder, prepared, texts, ".csv"),
                "/classify-messages": lambda: _batches(server, texts),
            }
            engine.seconds(texts[:100])
            _batches(server, texts[:BATCH])
            rounds = [{name: way() for name, way in ways.items()} for _ in range(given.rounds)]
    print(json.dumps(_told(rounds), indent=2))


def _messages(count: int) -> list[str]:
    shipped = [json.loads(line)["message"] for line in PLAIN.read_text().splitlines()]
    return list(itertools.islice(itertools.cycle(shipped), count))


def _files(folder: Path, prepared: home.Home, texts: list[str], suffix: str) -> Callable[[], float]:
    source, target = folder / f"messages{suffix}", folder / f"answers{suffix}"
    with source.open("w", newline="") as file:
        if suffix == ".csv":
            csv.writer(file).writerows([["message"], *([text] for text in texts)])
        else:
            file.writelines(json.dumps({"message": text}) + "\n" for text in texts)

    def rate() -> float:
        """As the command tells it: without the start of Python and the loading of the model."""
        said = home.manage(
            prepared.environment, "classify_file", str(source), str(target), "--overwrite"
        )
        found = re.search(r"(\d+) a second", said)
        assert found, said
        return float(found[1])

    return rate


def _batches(server: servers.Server, texts: list[str]) -> float:
    with load.Client(server.port, key=server.key) as client:
        seconds = [
            client.seconds(Post("/classify-messages", {"messages": texts[at : at + BATCH]}))
            for at in range(0, len(texts), BATCH)
        ]
    return len(texts) / sum(seconds)


def _told(rounds: list[dict[str, float]]) -> dict[str, object]:
    """Messages a second, and as a share of the engine's own times the cores, of the same round."""
    engine = "engine, one thread"
    many = cores.available()
    told: dict[str, object] = {"cores": many, "load average": os.getloadavg()[1]}
    for name in rounds[0]:
        shares = [each[name] / (each[engine] * many) for each in rounds]
        told[name] = {
            "messages a second": round(statistics.median(each[name] for each in rounds)),
            "share of engine × cores": round(statistics.median(shares), 2),
        }
    return told


if __name__ == "__main__":
    main()
