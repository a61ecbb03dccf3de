"""Which files of labelled messages a data set is made from."""

from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

_DATA = Path(__file__).parents[1] / "data"
SEED_FILE = _DATA / "seed.jsonl"  # told with care, rich in tags and hard cases
PLAIN_FILE = _DATA / "plain.jsonl"  # short and sloppy, as most messages are
SHIPPED = (SEED_FILE, PLAIN_FILE)


def of(paths: Sequence[Path] = ()) -> list[Path]:
    """`paths`, or else TRAINING_FILES, or else the shipped messages."""
    chosen = list(paths) or [Path(name) for name in settings.TRAINING_FILES]
    return chosen or list(SHIPPED)
