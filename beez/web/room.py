"""How many requests are worked on at once, and how many may wait for that, and how long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from beez.api import errors


class Room:
    def __init__(self, *, places: int, waiting: int, seconds: float) -> None:
        self._free = asyncio.Semaphore(places)
        self._most_waiting, self._seconds = waiting, seconds
        self._waiting = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """For the time of the block; Busy (503) where too many wait already, or for too long."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        try:
            yield
        finally:
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
