"""Answers for many messages on all cores: one pool of threads a process, one message a thread.

The engine's run and the tokeniser leave Python's lock, so threads are enough. Everybody who has
many messages shares the pool, so that their sum never has more threads than there are cores.
"""

import functools
import itertools
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from classifier import cores
from classifier.live import LiveModel
from classifier.serializers import answer

T = TypeVar("T")
R = TypeVar("R")

# Messages a thread that are asked for together. Twice as many may be under way: enough to keep
# every thread at work beside a long message, few enough for who comes next, who queues behind.
TOGETHER = 4


def answers(model: LiveModel, texts: Sequence[str]) -> Generator[dict[str, Any], None, None]:
    """What `serializers.answer` gives for each, in order; see `each`."""
    return each(texts, lambda text: answer(model, text), size=len)


def each(
    items: Iterable[T],
    work: Callable[[T], R],
    *,
    size: Callable[[T], int],
    together: int = TOGETHER,
) -> Generator[R, None, None]:
    """What `work` gives for each, in order.

    No more is begun than is soon asked for, and nothing once the iterator is closed. What an item
    raises is raised in its place.
    """
    coming, under_way = iter(items), deque[list[Future[R]]]()
    at_once = together * threads()
    try:
        while some := list(itertools.islice(coming, at_once)):
            under_way.append(_begun(some, work, size))
            if len(under_way) > 1:
                yield from _finished(under_way[0])
                under_way.popleft()
        while under_way:
            yield from _finished(under_way[0])
            under_way.popleft()
    finally:
        for future in itertools.chain.from_iterable(under_way):
            future.cancel()


def _finished(group: list[Future[R]]) -> Iterator[R]:
    """Woken once for all of them: whoever wakes takes Python's lock from those at work."""
    wait(group)
    return (future.result() for future in group)


def threads() -> int:
    return cores.available()


def _begun(items: list[T], work: Callable[[T], R], size: Callable[[T], int]) -> list[Future[R]]:
    """Begins with the longest, lest it be alone at the end; in the order of the items."""
    longest_first = sorted(range(len(items)), key=lambda at: -size(items[at]))
    begun = {at: _pool().submit(work, items[at]) for at in longest_first}
    return [begun[at] for at in range(len(items))]


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads(), thread_name_prefix="messages")


os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of its parent's threads
