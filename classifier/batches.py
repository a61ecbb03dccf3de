"""Batches beside other requests: few at once in a process, in turns, and for so many seconds.

One batch may take as long as thousands of single messages. The one that has the turn works on all
cores, by the pool of `parallel`; single messages are no part of that and wait for none.
"""

import functools
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from django.conf import settings

from beez.api.errors import Busy
from beez.api.gate import FullError, Gate, LateError
from classifier import parallel
from classifier.live import LiveModel

# A batch goes before those that come later by more than this for each of its messages:
# small ones overtake large ones, large ones never wait for ever, and equals finish one by one
# (side by side, all would finish as late as the last).
MESSAGE_SECONDS = 0.05


def answers(model: LiveModel, texts: Sequence[str]) -> list[dict[str, Any]]:
    """What `serializers.answer` gives for each. Raises Busy."""
    now, seconds, most = time.monotonic(), settings.BATCH_SECONDS, settings.BATCHES_AT_ONCE
    found: list[dict[str, Any]] = []
    try:
        with (
            _gate(most).inside(due=now + MESSAGE_SECONDS * len(texts), seconds=seconds) as offer,
            closing(parallel.answers(model, texts)) as each,
        ):
            while len(found) < len(texts):
                offer()
                if time.monotonic() > now + seconds:
                    raise LateError
                found.append(next(each))
    except FullError:
        raise Busy(
            f"{most} batches are being classified already (BATCHES_AT_ONCE). Try again in a moment."
        ) from None
    except LateError:
        raise Busy(
            f"{len(found)} of {len(texts)} messages were classified within {seconds} seconds "
            "(BATCH_SECONDS). Nothing is returned; send fewer messages at once."
        ) from None
    return found


_gate = functools.cache(Gate)
