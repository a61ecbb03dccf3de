"""Batches beside other requests: few at once in a process, in slices, and for so many seconds.

One batch may take as long as thousands of single messages. Each would have a thread of the web
server meanwhile, and a share of every core.
"""

import functools
import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from beez.api.errors import Unavailable
from beez.api.gate import FullError, Gate
from classifier.live import LiveModel
from classifier.serializers import answer

SLICE = 4  # messages; other batches wait for so many, single messages for none


class Busy(Unavailable):
    """503: too many batches at once, or one that takes too long."""

    default_code = "busy"


def answers(model: LiveModel, texts: Sequence[str]) -> list[dict[str, Any]]:
    """What `serializers.answer` gives for each. Raises Busy."""
    until = time.monotonic() + settings.BATCH_SECONDS
    found: list[dict[str, Any]] = []
    with _inside() as gate:
        for part in _slices(texts):
            if time.monotonic() > until:
                raise Busy(
                    f"{len(found)} of {len(texts)} messages were classified within "
                    f"{settings.BATCH_SECONDS} seconds (BATCH_SECONDS). Nothing is returned; send "
                    "fewer messages at once."
                )
            with gate.turn():
                found += [answer(model, text) for text in part]
    return found


@contextmanager
def _inside() -> Iterator[Gate]:
    most = settings.BATCHES_AT_ONCE
    gate = _gate(most)
    try:
        with gate.inside():
            yield gate
    except FullError:
        raise Busy(
            f"{most} batches are being classified already (BATCHES_AT_ONCE). Try again in a moment."
        ) from None


def _slices(texts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    rest = iter(texts)
    while part := tuple(itertools.islice(rest, SLICE)):
        yield part


_gate = functools.cache(Gate)
