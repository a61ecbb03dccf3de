"""How many messages a second full batches classify, against the engine alone on every core."""

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import load
import servers
from load import Post

sys.path.insert(0, str(servers.CHECKOUT))

from classifier import cores

BATCH = 256
ROUNDS = 10


@dataclass
class Bulk:
    """Messages a second in each round, of one client's batches and of the engine on one thread."""

    batches: list[float] = field(default_factory=list)
    engine: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        rate, engine = statistics.median(self.batches), statistics.median(self.engine)
        return {
            "batch": BATCH,
            "messages_per_second": rate,
            "engine_per_second": engine,
            "cores": cores.available(),
            "ratio": rate / (engine * cores.available()),
        }


def measured(server: servers.Server, engine: servers.Engine, messages: Sequence[str]) -> Bulk:
    """The engine and the server take turns; what it takes to warm up is not counted."""
    texts = [messages[number % len(messages)] for number in range(BATCH)]
    result = Bulk()
    with load.Client(server.port, key=server.key) as client:
        for number in range(ROUNDS + 1):
            alone = BATCH / sum(engine.seconds(texts))
            started = time.perf_counter()
            client.seconds(Post("/classify-messages", {"messages": texts}))
            rate = BATCH / (time.perf_counter() - started)
            if number:
                result.engine.append(alone)
                result.batches.append(rate)
    return result
