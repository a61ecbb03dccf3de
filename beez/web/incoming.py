"""Reads the bodies of requests: up to a limit, in time, and not too much of them at once.

Nobody has been authenticated yet, so what all bodies together take is bounded. Only what is long
counts: whoever sends huge ones refuses those of others, and never an ordinary message.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from granian.rsgi import HTTPProtocol, Scope
from rest_framework.exceptions import ParseError

from beez.api import errors

SHORT = 65_536  # bytes that every body may have
LONG_ONES = 4  # as many of the largest size fit in at once


@dataclass
class Share:
    """What one body takes of what all may."""

    taken: int = 0


class Incoming:
    def __init__(self, *, limit: int, seconds: float) -> None:
        self._limit, self._seconds = limit, seconds
        self._left = limit * LONG_ONES

    @contextmanager
    def share(self) -> Iterator[Share]:
        share = Share()
        try:
            yield share
        finally:
            self._left += share.taken

    async def read(self, scope: Scope, proto: HTTPProtocol, share: Share) -> bytes:
        """A body that is announced as too large is refused before a byte is read."""
        announced = scope.headers.get("content-length")
        if announced is None:
            if scope.headers.get("transfer-encoding") is None:
                return b""
        elif announced == "0":
            return b""
        elif int(announced) > self._limit:  # the server lets digits alone pass
            raise errors.BodyTooLarge
        try:
            async with asyncio.timeout(self._seconds):
                body = await self._pieces(proto, share, announced and int(announced))
        except TimeoutError:
            raise errors.SlowBody(self._seconds) from None
        if announced is not None and len(body) < int(announced):
            raise ParseError("The body breaks off before its announced end.")
        return body

    async def _pieces(self, proto: HTTPProtocol, share: Share, announced: int | None) -> bytes:
        pieces, size = [], 0
        async for piece in proto:
            pieces.append(piece)
            size += len(piece)
            self._take(size, share)
            if size == announced:
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _take(self, size: int, share: Share) -> None:
        if size > self._limit:
            raise errors.BodyTooLarge
        if (more := size - SHORT - share.taken) > 0:
            if more > self._left:
                raise errors.Busy
            self._left -= more
            share.taken += more
