"""Beez' web server, which notes when each request gets where: see timeline.py.

A line of JSON for each request goes to the file TIMELINE: the names below, and seconds of the
machine's monotonic clock. Meant for one client, for it keeps the marks of one request at a time.
"""

import functools
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from beez.launch import web

_load = web._load
_request: list[dict[str, float]] = [{}]  # the marks of the one that is under way


def _mark(name: str) -> None:
    _request[0][name] = time.perf_counter()


def _around(owner: Any, name: str, *, before: str = "", after: str = "") -> None:
    """Note when the function `name` of `owner` begins, and when it ends."""
    function: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(function)
    def noted(*arguments: Any, **options: Any) -> Any:
        if before:
            _mark(before)
        found = function(*arguments, **options)
        if after:
            _mark(after)
        return found

    setattr(owner, name, noted)


def _loaded(*arguments: Any) -> Any:
    application = _load(*arguments)
    from beez.web import application as room
    from beez.web import calls
    from classifier.engine import Engine
    from conversations import storing

    out = Path(os.environ["TIMELINE"]).open("a", buffering=1)  # noqa: SIM115 - stays open
    taken = room.Application.__rsgi__

    async def reached(*given: Any) -> None:
        _request[0] = {"reached": time.perf_counter()}
        await taken(*given)

    room.Application.__rsgi__ = reached  # type: ignore[method-assign]
    read = application._incoming.read

    async def noted(*given: Any) -> bytes:
        body: bytes = await read(*given)
        _mark("read")
        return body

    application._incoming.read = noted
    _around(Engine, "classify", before="engine", after="decided")
    _around(storing, "store", before="store", after="stored")
    looking = storing.looking

    def looked(*given: Any, **more: Any) -> Callable[[], Any]:
        seen = looking(*given, **more)

        def waited() -> Any:
            _mark("wait")
            found = seen()
            _mark("seen")
            return found

        return waited

    storing.looking = looked
    _around(calls, "_call", after="answered")
    answer = calls.answer

    def timed(*given: Any) -> None:
        marks = _request[0]  # the next one may be there before this one is written
        marks["placed"] = time.perf_counter()
        answer(*given)
        out.write(json.dumps(marks) + "\n")

    calls.answer = timed
    return application


if __name__ == "__main__":
    web._load = _loaded
    web.main()
