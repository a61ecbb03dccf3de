"""Where the time of one `POST /classify-message` goes besides the model: a WSGI call, no server.

The model is a table of words, which costs next to nothing; what it costs is taken off. Each figure
is a median, and `--profile` says which functions the rest is spent in.
"""

import argparse
import cProfile
import io
import json
import os
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import home

from beez.metrics import folder
from tests import keyword_model

TEXT = "Any discount for new customers? I am looking to order."


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as place:
        model = keyword_model.build(Path(place), "keywords", words=keyword_model.SHIPPED_TAGS)
        with home.temporary(model, scopes="classify") as served:
            os.environ.update(served.environment)
            try:
                _measure(served.key, options)
            finally:
                _let_go()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--profile", type=int, default=0, metavar="LINES")
    return parser.parse_args()


def _measure(key: str, options: argparse.Namespace) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "beez.settings"
    folder.prepare()  # counting for several processes, as served
    from beez import wsgi  # the application needs the settings above
    from classifier import live

    call = _caller(wsgi.application, key)
    model = live.current().engine
    for _ in range(options.calls // 5):
        call()
    whole = _times(call, options.calls)
    engine = _times(lambda: model.classify(TEXT), options.calls)
    print(f"{'ms':24}{'median':>9}{'p10':>9}{'p90':>9}{'CPU':>9}")
    _tell("WSGI call", whole)
    _tell("of it the engine", engine)
    rest = [statistics.median(a) - statistics.median(b) for a, b in zip(whole, engine, strict=True)]
    print(f"{'the framework’s share':24}{1000 * rest[0]:>9.3f}{1000 * rest[1]:>27.3f}")
    if options.profile:
        print(_profile(call, options.calls, options.profile))


def _let_go() -> None:
    """What else a serving process does, before its Postgres is gone."""
    from beez.api import last_use
    from beez.status import heartbeat

    last_use.stop()
    heartbeat.stop()


def _caller(application: Callable[..., Any], key: str) -> Callable[[], None]:
    """A call as `beez.web` makes it, with the headers that a client sends."""
    body = json.dumps({"message": TEXT}).encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/classify-message",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "HTTP_ACCEPT": "*/*",
        "HTTP_ACCEPT_ENCODING": "gzip, deflate",
        "HTTP_USER_AGENT": "benchmark",
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
    }
    started: list[Any] = []

    def call() -> None:
        answer = application(
            {**environ, "wsgi.input": io.BytesIO(body)},
            lambda status, headers, error=None: started.__setitem__(slice(None), [status, headers]),
        )
        content = b"".join(answer)
        answer.close()
        if not started[0].startswith("200"):
            raise SystemExit(f"✗ {started[0]}: {content[:500]!r}")

    return call


def _times(call: Callable[[], object], number: int) -> tuple[list[float], list[float]]:
    """Seconds by the clock, and of the processor in this thread, which busy neighbours stretch
    less."""
    clock, processor = [], []
    for _ in range(number):
        began, before = time.perf_counter(), time.thread_time()
        call()
        processor.append(time.thread_time() - before)
        clock.append(time.perf_counter() - began)
    return clock, processor


def _tell(name: str, times: tuple[list[float], list[float]]) -> None:
    p10, *_, p90 = statistics.quantiles(times[0], n=10)
    figures = (statistics.median(times[0]), p10, p90, statistics.median(times[1]))
    print(f"{name:24}" + "".join(f"{1000 * figure:>9.3f}" for figure in figures))


def _profile(call: Callable[[], None], number: int, lines: int) -> str:
    profile = cProfile.Profile()
    profile.runcall(lambda: _times(call, number))
    text = io.StringIO()
    pstats.Stats(profile, stream=text).sort_stats("cumulative").print_stats(lines)
    return text.getvalue()


if __name__ == "__main__":
    main()
