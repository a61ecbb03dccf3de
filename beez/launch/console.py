"""What a person who starts Beez sees: one line for each step, and a box for what is shown once."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def step(name: str) -> Iterator[None]:
    """Prints `✓ name  1.2 s` when the block has succeeded."""
    started = time.monotonic()
    if sys.stdout.isatty():
        print(f"… {name}", end="\r", flush=True)
    yield
    done(name, f"{time.monotonic() - started:.1f} s")


def done(name: str, remark: str) -> None:
    print(f"✓ {name:<24} {remark}", flush=True)


def box(lines: Sequence[str]) -> None:
    width = max(len(line) for line in lines)
    print(f"┌{'─' * (width + 2)}┐")
    for line in lines:
        print(f"│ {line:<{width}} │")
    print(f"└{'─' * (width + 2)}┘", flush=True)
