"""Beez as `manage.py up` starts it, in processes of its own, for the tests of starting it."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

CHECKOUT = Path(__file__).resolve().parents[2]
SECRET = "for-the-tests-Jq3Vw8Zr5Tn2Xk9Lm4Bp7Hs6Df1Gc0Ya-alone"
SERVED = "Ctrl-C stops everything"


def environment(home: Path, **changes: str) -> dict[str, str]:
    """What a fresh machine has, with `home` as its BEEZ_HOME; a developer's .env stays out."""
    unset = dict.fromkeys(setting_names(), "") | {"DJANGO_SETTINGS_MODULE": "", "MAKEFLAGS": ""}
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    del unset["DJANGO_SETTINGS_MODULE"]
    # One process that serves, whatever the cores: less memory, and the places can be counted.
    ours = {"BEEZ_HOME": str(home), "PYTHONUNBUFFERED": "1", "WEB_WORKERS": "1"}
    return kept | unset | ours | changes


def setting_names() -> list[str]:
    return re.findall(r"^#([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE)


@contextlib.contextmanager
def empty_home() -> Iterator[Path]:
    """A new BEEZ_HOME inside the suite's own.

    Not in pytest's folder, which the embedded Postgres could not read any more, as a user of its
    own under root, once another pytest has closed it to others.
    """
    with TemporaryDirectory(prefix="start-", dir=os.environ["BEEZ_HOME"]) as folder:
        yield Path(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def beside_the_test(
    home: Path, **changes: str
) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Starts Python with arguments on the test's own database; ends what is left at the end."""
    from tests.classifier.processes import database_url

    given = {"DATABASE_URL": database_url(), "SECRET_KEY": os.environ["SECRET_KEY"]}
    given |= {"DJANGO_SETTINGS_MODULE": "beez.settings"} | changes
    running: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> "subprocess.Popen[bytes]":
        command, known = [sys.executable, *arguments], environment(home, **given)
        running.append(subprocess.Popen(command, cwd=CHECKOUT, env=known, start_new_session=True))
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def manage(home: Path, *arguments: str, **changes: str) -> str:
    """What a command of Beez prints; it must end well."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env=environment(home, **changes),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def shell(home: Path, code: str, **changes: str) -> str:
    """What a line of Python prints in a shell of Beez."""
    return manage(home, "shell", "--no-imports", "-c", code, **changes)


def with_a_live_model(home: Path, *, metrics: dict[str, object] | None = None) -> None:
    """Tables and a live keyword model, so that nothing needs to be trained."""
    script = f"""
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "beez.settings"
from beez.launch import local
local.prepare_environment()
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.conf import settings
from classifier import registry
from tests import keyword_model
words, metrics = keyword_model.SHIPPED_TAGS, {metrics!r}
keyword_model.build(settings.MODELS_DIR, "keywords", words=words, metrics=metrics)
registry.activate(registry.register("keywords"))
"""
    subprocess.run(
        [sys.executable, "-c", script], cwd=CHECKOUT, env=environment(home), check=True, timeout=120
    )


class Up:
    """A running `manage.py up` (or another command), and what it has printed."""

    def __init__(self, home: Path, *command: str, **changes: str) -> None:
        self.home = home
        self.port = changes.setdefault("PORT", str(free_port()))
        self.log = home / "output.log"
        self.started = time.monotonic()
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command or (sys.executable, "manage.py", "up"),
                cwd=CHECKOUT,
                env=environment(home, **changes),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a process group, as a terminal would make it
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, text: str, seconds: float = 60) -> re.Match[str]:
        deadline = time.monotonic() + seconds
        while not (found := re.search(text, self.output)):
            assert self.process.poll() is None, f"It ended:\n{self.output}"
            assert time.monotonic() < deadline, f"No {text!r} in:\n{self.output}"
            time.sleep(0.05)
        return found

    def wait_until_it_answers(self, path: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.address + path):
                return
            assert self.process.poll() is None, f"It ended:\n{self.output}"
            assert time.monotonic() < deadline, f"No answer:\n{self.output}"
            time.sleep(0.05)

    def press_ctrl_c(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(30)

    def left_running(self) -> list[str]:
        """Command lines of processes that know this home: none, once it has stopped."""
        lines = []
        for process in processes_of(self.home):
            with contextlib.suppress(psutil.Error):  # it has ended since it was found
                lines.append(" ".join(process.cmdline()))
        return lines

    def end(self) -> None:
        kill_all(self.home)
        self.process.wait(10)


def processes_of(home: Path, *, name: str = "") -> list[psutil.Process]:
    """Those that know `home`; with `name` those of that name. One may end at any time after."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            known = [*process.cmdline(), process.environ().get("BEEZ_HOME", "")]
            if not any(str(home) in text for text in known) or process.status() == "zombie":
                continue
            if name in ("", process.name()):
                found.append(process)
    return found


def kill_all(home: Path) -> None:
    for process in processes_of(home):
        with contextlib.suppress(psutil.Error):
            process.kill()
