"""Reads settings from the environment (and a `.env` file beside `manage.py`), strictly.

A setting that cannot be understood stops the start with a sentence that names it, the value
and what would be accepted, instead of surfacing later as odd behaviour. A value that is blank
counts as not set, since container tools pass on what is not set as blank.
"""

import functools
import io
import os
import re
import zoneinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv

LOCAL_HOSTS = "localhost,127.0.0.1,[::1]"  # what ALLOWED_HOSTS is by default
BASE_DIR = Path(__file__).resolve().parent.parent

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


@functools.cache
def read_file(path: Path = BASE_DIR / ".env") -> None:
    """Put what `path` sets into the environment, once; variables that are set already win."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ImproperlyConfigured(f"{path} is not UTF-8 text. Save it again as UTF-8.")
    load_dotenv(stream=io.StringIO(text), interpolate=False)  # a password may have ${


def string(name: str, default: str | None = None) -> str:
    """Value of `name`; without a default the setting is required."""
    read_file()
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it in the environment or in .env (see .env.example)."
        )
    return default


def secret(name: str, default: str | None = None) -> str:
    """Value of `name`, or what the file holds that `<name>_FILE` names, as containers and systemd
    hand secrets over. One line break at its end does not count."""
    path = string(f"{name}_FILE", "")
    if not path:
        return string(name, default)
    if string(name, ""):
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Leave one of them out.")
    try:
        found = Path(path).read_bytes().decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        why = "is not UTF-8 text"
    else:
        if found.strip() and "\n" not in found and "\0" not in found:
            return found
        why = "must hold one line, and no empty one"
    raise ImproperlyConfigured(f"{name}_FILE={path!r} {why}.")


def signing_key(name: str, *, strict: bool) -> str:
    """A `secret` that nobody can guess; where not `strict`, any will do."""
    value = secret(name)
    if strict and (len(value) < 50 or len(set(value)) < 10 or "insecure" in value):
        raise ImproperlyConfigured(
            f"{name} is too easy to guess: it signs what keeps people logged in. Set 50 or more "
            "random characters, like those of: python3 -c 'import secrets; "
            "print(secrets.token_urlsafe(50))'"
        )
    return value


def host(name: str) -> str:
    """The name or address of a machine, or the folder of a socket."""
    value = string(name)
    if not re.fullmatch(r"/.*|[\w.-]+|[0-9A-Fa-f]*:[0-9A-Fa-f.]*:[\w:.%]*", value):
        raise ImproperlyConfigured(
            f"{name}={value!r} is neither the name of a machine nor the folder of a socket."
        )
    return value


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


def listing(name: str, default: str = "", *, allowed: tuple[str, ...] | None = None) -> list[str]:
    """Comma-separated values, blanks dropped; each one of `allowed` where that is given."""
    found = [part.strip() for part in string(name, default).split(",") if part.strip()]
    if allowed and (unknown := [part for part in found if part not in allowed]):
        raise ImproperlyConfigured(f"{name}: {unknown[0]!r} is not one of {', '.join(allowed)}.")
    return found


def parts(name: str) -> list[str]:
    """Values separated by semicolons, blanks dropped, for values that hold commas."""
    return [part.strip() for part in string(name, "").split(";") if part.strip()]


def clock(name: str, default: str) -> tuple[int, int]:
    """A time of day `HH:MM` as (hour, minute)."""
    value = string(name, default)
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", value)
    if match is None:
        raise ImproperlyConfigured(f"{name}={value!r} is not a time of day like 03:30.")
    return int(match[1]), int(match[2])


def time_zone(name: str, default: str) -> str:
    value = string(name, default)
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ImproperlyConfigured(
            f"{name}={value!r} is not a time zone like Europe/Berlin or UTC."
        ) from None
    return value


def postgres(name: str, **options: Any) -> dict[str, Any]:
    """A Postgres URL as Django's database settings; the sentences never show it, for it holds a
    password."""
    url = string(name)
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(
            f"{name} must name a Postgres database, like postgres://user:password@host:5432/name."
        )
    # An unescaped character moves everything behind it to another part of the URL.
    astray = "@" in rest.partition("/")[2] or "#" in rest or "@" in rest.rpartition("@")[0]
    if astray or re.search("%(?![0-9A-Fa-f]{2})", rest) or not is_url(url):
        raise ImproperlyConfigured(
            f"{name} cannot be understood. In a user name or password write @ as %40, : as %3A, "
            "/ as %2F, # as %23, ? as %3F and % as %25; a port is a number. Or leave it out and "
            "set DATABASE_HOST, DATABASE_USER and DATABASE_PASSWORD, where nothing is escaped."
        )
    return dict(dj_database_url.parse(url, **options))


def is_url(url: str) -> bool:
    """Whether its parts can be told apart, the port included."""
    try:
        parts = urlsplit(url)
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def rate(name: str, default: str = "") -> str:
    """So many in a period, like `600/minute`; empty when unset, and for `none`: no limit."""
    value = string(name, default)
    if value == "none":
        return ""
    if value and not re.fullmatch(r"[1-9]\d*/(second|minute|hour|day)", value):
        raise ImproperlyConfigured(
            f"{name}={value!r} is not a rate like 600/minute (second, minute, hour or day)."
        )
    return value


def bucket(name: str) -> tuple[str, str] | None:
    """`s3://bucket/prefix` as (bucket, prefix), the prefix perhaps empty; None when unset."""
    value = string(name, "")
    if not value:
        return None
    match = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[\w.-]+)*)/?", value)
    if match is None or {".", ".."} & set(match[2].split("/")):
        raise ImproperlyConfigured(f"{name}={value!r} is not a bucket like s3://bucket/prefix.")
    return match[1], match[2].strip("/")


def folder(name: str, default: Path) -> Path:
    return Path(string(name, str(default))).expanduser().resolve()
