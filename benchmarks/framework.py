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
from tests import keyword_model

TEXT = "Any discount for new customers? I am looking to order."


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        model = keyword_model.build(Path(folder), "keywords", words=keyword_model.SHIPPED_TAGS)
        with home.temporary(model, scopes="classify") as served:
            os.environ.update(served.environment)
            _measure(served.key, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--profile", type=int, default=0, metavar="LINES")
    return parser.parse_args()


def _measure(key: str, options: argparse.Namespace) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "beez.settings"
    from beez import wsgi  # the application needs the settings above
    from classifier import live

    call = _caller(wsgi.application, key)
    _times(call, options.calls // 5)
    whole = _times(call, options.calls)
    model = _times(lambda: live.current().engine.classify(TEXT), options.calls)
    print(f"{'':24}{'median':>10}{'p10':>10}{'p90':>10}")
    for name, times in (("WSGI call", whole), ("of it the engine", model)):
        p10, *_, p90 = statistics.quantiles(times, n=10)
        figures = (statistics.median(times), p10, p90)
        print(f"{name:24}" + "".join(f"{1000 * figure:>7.3f} ms" for figure in figures))
    rest = statistics.median(whole) - statistics.median(model)
    print(f"{'the framework’s share':24}{1000 * rest:>7.3f} ms")
    if options.profile:
        print(_profile(call, options.calls, options.profile))


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


def _times(call: Callable[[], object], number: int) -> list[float]:
    found = []
    for _ in range(number):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return found


def _profile(call: Callable[[], None], number: int, lines: int) -> str:
    profile = cProfile.Profile()
    profile.runcall(lambda: _times(call, number))
    text = io.StringIO()
    pstats.Stats(profile, stream=text).sort_stats("cumulative").print_stats(lines)
    return text.getvalue()


if __name__ == "__main__":
    main()
