"""The process of the first training: it may be begun before there is a database to train in, and
imports its packages meanwhile (`training.ahead`)."""

import json
import os
from contextlib import suppress

from beez.launch import children
from beez.launch.children import Child

_begun: list[Child] = []


def begin() -> None:
    """Should this process end before `go`, so does that one."""
    _begun.append(children.start("training", "-m", "training.ahead", orders=True))


def go(*arguments: str) -> Child:
    """Let it run `manage.py` with these arguments and the environment of now."""
    if not _begun:
        begin()
    training = _begun.pop()
    orders = training.process.stdin
    assert orders is not None
    line = json.dumps({"environment": dict(os.environ), "arguments": arguments})
    with suppress(BrokenPipeError), orders:  # it was killed, as its exit status says
        orders.write(f"{line}\n".encode())
    return training
