"""The web servers that `web_servers.py` compares: which, with how many processes and threads."""

import argparse
import importlib.util
from dataclasses import dataclass
from itertools import product

HTTP1 = ("--http", "1", "--no-ws")
COMMANDS = {
    "beez": ("-m", "beez.launch.web"),
    "granian-wsgi": (
        *("-m", "granian", "--interface", "wsgi", "beez.wsgi:application", *HTTP1),
        *("--port", "{port}", "--workers", "{workers}", "--blocking-threads", "{threads}"),
    ),
    "gunicorn-gthread": (
        *("-m", "gunicorn", "beez.wsgi", "--bind", "127.0.0.1:{port}", "--keep-alive", "30"),
        *("--worker-class", "gthread", "--workers", "{workers}", "--threads", "{threads}"),
    ),
    "gunicorn-sync": (
        *("-m", "gunicorn", "beez.wsgi", "--bind", "127.0.0.1:{port}"),
        *("--workers", "{workers}"),
    ),
}


@dataclass(frozen=True)
class Setup:
    """Written like `beez:1x8/1`: server, processes, threads of each, threads of the engine."""

    server: str
    workers: int
    threads: int
    engine: int

    @classmethod
    def parse(cls, text: str) -> "Setup":
        try:
            server, _, rest = text.partition(":")
            sizes, _, engine = rest.partition("/")
            workers, _, threads = sizes.partition("x")
            if server not in COMMANDS:
                raise ValueError
            return cls(server, int(workers), int(threads), int(engine))
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not like beez:1x8/1") from None

    def __str__(self) -> str:
        return f"{self.server}:{self.workers}x{self.threads}/{self.engine}"

    @property
    def command(self) -> list[str]:
        sizes = {"workers": self.workers, "threads": self.threads, "port": "{port}"}
        return [part.format(**sizes) for part in COMMANDS[self.server]]

    @property
    def is_installed(self) -> bool:
        package = self.command[1].partition(".")[0]
        return package == "beez" or importlib.util.find_spec(package) is not None

    def settings(self) -> dict[str, str]:
        return {
            "WEB_WORKERS": str(self.workers),
            "WEB_THREADS": str(self.threads),
            "WEB_WAITING": "1000",
            "WEB_WAIT_SECONDS": "600",
            "BATCHES_AT_ONCE": "1000",
            "BATCH_SECONDS": "3600",
            "ENGINE_THREADS": str(self.engine),
        }


SIZES = [f"{workers}x{places}/{engine}" for workers, places, engine in product("12", "842", "12")]
DEFAULTS = (
    *(f"beez:{sizes}" for sizes in SIZES),
    *("granian-wsgi:1x8/1", "granian-wsgi:2x4/1"),
    *("gunicorn-gthread:1x8/1", "gunicorn-gthread:2x4/1", "gunicorn-sync:2x1/1"),
)
