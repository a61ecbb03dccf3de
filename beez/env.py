"""Reads settings from the environment (and a `.env` file beside `manage.py`), strictly.

A setting that cannot be understood stops the start with a sentence that names it, the value
and what would be accepted, instead of surfacing later as odd behaviour.
"""

import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv

LOCAL_HOSTS = "localhost,127.0.0.1,[::1]"  # what ALLOWED_HOSTS is by default
BASE_DIR = Path(__file__).resolve().parent.parent

# Variables that are already set win over the file.
load_dotenv(BASE_DIR / ".env")

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def string(name: str, default: str | None = None) -> str:
    """Value of `name`; without a default the setting is required."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it in the environment or in .env (see .env.example)."
        )
    return default


def boolean(name: str, default: bool) -> bool:
    value = string(name, str(default)).lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither true nor false.")


def integer(name: str, default: int, *, minimum: int = 0, maximum: int = 2**31) -> int:
    value = string(name, str(default))
    if not re.fullmatch(r"[+-]?\d+", value) or not minimum <= int(value) <= maximum:
        raise ImproperlyConfigured(
            f"{name}={value!r} is not a whole number from {minimum} to {maximum}."
        )
    return int(value)


def fraction(name: str, default: float) -> float:
    """A share between 0 and 1, both excluded."""
    value = string(name, str(default))
    if not re.fullmatch(r"0?\.\d+", value) or not float(value):
        raise ImproperlyConfigured(f"{name}={value!r} is not a share between 0 and 1, like 0.75.")
    return float(value)


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = string(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r} is not one of {', '.join(allowed)}.")
    return value


def listing(name: str, default: str = "") -> list[str]:
    """Comma-separated values, blanks dropped."""
    return [part.strip() for part in string(name, default).split(",") if part.strip()]


def clock(name: str, default: str) -> tuple[int, int]:
    """A time of day `HH:MM` as (hour, minute)."""
    value = string(name, default)
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", value)
    if match is None:
        raise ImproperlyConfigured(f"{name}={value!r} is not a time of day like 03:30.")
    return int(match[1]), int(match[2])


def rate(name: str) -> str:
    """So many in a period, like `600/minute`; empty when unset: no limit."""
    value = string(name, "")
    if value and not re.fullmatch(r"[1-9]\d*/(second|minute|hour|day)", value):
        raise ImproperlyConfigured(
            f"{name}={value!r} is not a rate like 600/minute (second, minute, hour or day)."
        )
    return value


def folder(name: str, default: Path) -> Path:
    return Path(string(name, str(default))).expanduser().resolve()
