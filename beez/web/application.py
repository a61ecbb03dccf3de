"""What the web server calls for each request, by its interface RSGI.

Waiting costs no thread here: for a slow client's body, for a place to work in. Probes have threads
of their own, and so have refusals, so both are answered whatever the others wait for.
"""

import asyncio
from concurrent.futures import Executor, ThreadPoolExecutor
from wsgiref.types import WSGIApplication

from django.conf import settings
from granian.rsgi import HTTPProtocol, Scope
from rest_framework.exceptions import APIException

from beez.api import bodies, errors
from beez.web import calls
from beez.web.incoming import Incoming
from beez.web.room import Room

PROBE_SECONDS = 2.0  # in which a probe is answered, if only by 503


class Application:
    def __init__(self, django: WSGIApplication, *, client_seconds: int) -> None:
        self._django = django
        self._room = Room(
            places=settings.WEB_THREADS,
            waiting=settings.WEB_WAITING,
            seconds=settings.WEB_WAIT_SECONDS,
        )
        self._incoming = Incoming(limit=bodies.limit(), seconds=client_seconds)
        self._probes = {f"/{name}": ThreadPoolExecutor(1, name) for name in settings.PROBES}
        self._refusals = ThreadPoolExecutor(1, "refusals")

    async def __rsgi__(self, scope: Scope, proto: HTTPProtocol) -> None:
        try:
            if probe := self._probes.get(scope.path):
                await self._ask(probe, scope, proto)
                return
            with self._incoming.share() as share:
                body = await self._incoming.read(scope, proto, share)
                async with self._room.place() as place:
                    await self._in(place, scope, proto, body)
        except APIException as refusal:
            await self._in(self._refusals, scope, proto, b"", refusal)

    async def _ask(self, probe: Executor, scope: Scope, proto: HTTPProtocol) -> None:
        """An earlier one that still waits, for a frozen database say, keeps this one waiting."""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._in(probe, scope, proto, b"")
        except TimeoutError:
            raise errors.DatabaseUnavailable(
                f"The database has not answered within {PROBE_SECONDS:.0f} seconds."
            ) from None

    async def _in(
        self,
        threads: Executor,
        scope: Scope,
        proto: HTTPProtocol,
        body: bytes,
        refusal: APIException | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(threads, calls.answer, self._django, scope, proto, body, refusal)
