"""Runs a script in a Python process of its own, on the test database and the test's models."""

import os
import subprocess
import sys
from urllib.parse import quote

from django.conf import settings
from django.db import connection


def run(script: str, **changes: str) -> str:
    """Standard output of the script; the test fails with its standard error."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(**changes),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment(**changes: str) -> dict[str, str]:
    """That of a process on the test database and the test's models."""
    return (
        os.environ
        | changes
        | {
            "DATABASE_URL": database_url(),
            "SECRET_KEY": settings.SECRET_KEY,
            "MODELS_DIR": str(settings.MODELS_DIR),
            "DJANGO_SETTINGS_MODULE": "beez.settings",
        }
    )


def database_url() -> str:
    database = connection.settings_dict
    user, password, host, name = (
        quote(str(database[key]), safe="") for key in ("USER", "PASSWORD", "HOST", "NAME")
    )
    port = f":{database['PORT']}" if database["PORT"] else ""
    return f"postgres://{user}:{password}@{host}{port}/{name}"
