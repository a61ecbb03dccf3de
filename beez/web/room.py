"""How many requests are worked on at once, and how many may wait for that, and how long."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager

from beez.api import errors


class Room:
    """Its places are threads. The one that was left last is taken first: it has a connection to
    Postgres, and what both ends of that remember is still in the processor's caches."""

    def __init__(self, *, places: int, waiting: int, seconds: float) -> None:
        self._free = asyncio.Semaphore(places)
        self._places = [ThreadPoolExecutor(1, f"place-{number}") for number in range(places)]
        self._most_waiting, self._seconds = waiting, seconds
        self._waiting = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Executor]:
        """For the time of the block; Busy (503) where too many wait already, or for too long."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        place = self._places.pop()
        try:
            yield place
        finally:
            self._places.append(place)
            self._free.release()

    async def _wait(self) -> None:
        if self._waiting >= self._most_waiting:
            raise errors.Busy
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                await self._free.acquire()
        except TimeoutError:
            raise errors.Busy from None
        finally:
            self._waiting -= 1
