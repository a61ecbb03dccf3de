"""Answers for many messages on all cores: one pool of threads a process, one message a thread.

The engine's run and the tokeniser leave Python's lock, so threads are enough. Everybody who has
many messages shares the pool, so that their sum never has more threads than there are cores.
"""

import functools
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from classifier import cores
from classifier.live import LiveModel
from classifier.serializers import answer

# Messages a thread that are asked for together. Twice as many may be under way: enough to keep
# every thread at work beside a long message, few enough for who comes next, who queues behind.
TOGETHER = 4


def answers(model: LiveModel, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What `serializers.answer` gives for each, in order.

    No more is begun than is soon asked for, and nothing once the iterator is closed. What a
    message raises is raised in its place.
    """
    under_way: deque[Future[dict[str, Any]]] = deque()
    at_once = TOGETHER * threads()
    try:
        for start in range(0, len(texts), at_once):
            under_way.extend(_begun(model, texts[start : start + at_once]))
            while len(under_way) > at_once:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()


def threads() -> int:
    return cores.available()


def _begun(model: LiveModel, texts: Sequence[str]) -> list[Future[dict[str, Any]]]:
    """Begins with the longest, lest it be alone at the end; in the order of the texts."""
    longest_first = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
    begun = {at: _pool().submit(answer, model, texts[at]) for at in longest_first}
    return [begun[at] for at in range(len(texts))]


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads(), thread_name_prefix="messages")


os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of its parent's threads
