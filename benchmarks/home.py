"""The BEEZ_HOME that is served from: one of the benchmark's own with a live model, or a given one.

Whatever is made here goes through Beez' own commands, in processes of their own.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from servers import CHECKOUT

# Settings that would keep the benchmark's requests out, and those that lead to other data.
DOORS = ("HOST", "HTTPS", "ALLOWED_HOSTS", "RATE_LIMIT", "RATE_LIMIT_CHARACTERS")
PLACES = ("DATABASE_URL", "REDIS_URL", "MODELS_DIR", "DATASETS_DIR")
ACTIVATE = "from classifier import registry; registry.activate(registry.register({name!r}))"
SCOPES = "classify,erase"
LIVE = "from classifier import registry; print(registry.live_version() or '')"


@dataclass(frozen=True)
class Home:
    environment: dict[str, str]  # for the processes of Beez
    key: str


@contextlib.contextmanager
def temporary(
    model: Path | None, *, scopes: str = SCOPES, keep: Path | None = None
) -> Iterator[Home]:
    """An empty home with `model` live, or with one trained just now, and a key of `scopes`.

    It is removed afterwards, unless `keep` says where it stays.
    """
    folder = keep or Path(tempfile.mkdtemp(prefix="beez-benchmark-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # Postgres, started by root, runs as somebody else
    try:
        environment = _environment(folder, *DOORS, *PLACES)
        manage(environment, "migrate", "--verbosity", "0")
        if model is not None:
            shutil.copytree(model, folder / "models" / model.name)
            manage(environment, "shell", "--no-imports", "-c", ACTIVATE.format(name=model.name))
        with _prepared(environment, scopes) as home:
            yield home
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def existing(folder: Path) -> Iterator[Home]:
    """A home in use, with a key for the time of the benchmark."""
    environment = _environment(folder, *DOORS)
    manage(environment, "migrate", "--verbosity", "0")
    with _prepared(environment, SCOPES) as home:
        try:
            yield home
        finally:
            manage(environment, "api_key", "revoke", home.key[: len("bz_00000000")])


@contextlib.contextmanager
def _prepared(environment: dict[str, str], scopes: str) -> Iterator[Home]:
    if not manage(environment, "shell", "--no-imports", "-c", LIVE):
        manage(environment, "train", shown=True)
    key = manage(environment, "api_key", "create", "benchmark", "--scopes", scopes)
    yield Home(environment, key)


def _environment(folder: Path, *unset: str) -> dict[str, str]:
    return {**os.environ, **dict.fromkeys(unset, ""), "BEEZ_HOME": str(folder.resolve())}


def untrained(folder: Path) -> Path:
    """The folder of a model that has learnt nothing: its speed is that of a trained one."""
    script = str(Path(__file__).with_name("untrained.py"))
    path = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    subprocess.run([sys.executable, script, str(folder)], env=path, check=True)
    return folder / "untrained"


def manage(environment: dict[str, str], *arguments: str, shown: bool = False) -> str:
    """Run a command of Beez; its standard output, unless that is `shown`."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env=environment,
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(
            f"✗ manage.py {arguments[0]} failed. {(done.stderr or '').strip()[-2_000:]}"
        )
    return (done.stdout or "").strip()
