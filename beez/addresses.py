"""Where Postgres and Redis are, and the passwords for them, as the settings say it.

Postgres is named by one URL or by its parts. In a URL a generated password must be escaped; in
`DATABASE_PASSWORD`, `REDIS_PASSWORD` and in the files that the settings ending in `_FILE` name, it
stands as it is. No sentence shows a password or a URL that may hold one.
"""

import re
from typing import Any
from urllib.parse import quote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from beez import env

_PARTS = (
    "DATABASE_HOST",
    "DATABASE_PORT",
    "DATABASE_NAME",
    "DATABASE_USER",
    "DATABASE_PASSWORD",
    "DATABASE_PASSWORD_FILE",
)


def names_postgres() -> bool:
    """Whether the settings name a Postgres; otherwise Beez starts its own."""
    return bool(env.string("DATABASE_URL", "") or _parts_set())


def postgres(**options: Any) -> dict[str, Any]:
    """Django's settings for the database that DATABASE_URL, or DATABASE_HOST and so on, names."""
    parts = _parts_set()
    if not parts:
        return env.postgres("DATABASE_URL", **options)
    if env.string("DATABASE_URL", ""):
        raise ImproperlyConfigured(
            f"DATABASE_URL and {parts[0]} are both set, and either may name the database. "
            "Leave one of them out."
        )
    if "DATABASE_HOST" not in parts:
        raise ImproperlyConfigured(
            f"{parts[0]} is set, and DATABASE_HOST is not. Set it to the name of the machine "
            "with Postgres, or to the folder of its socket, such as /var/run/postgresql."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": env.host("DATABASE_HOST"),
        "PORT": env.integer("DATABASE_PORT", 5432, minimum=1, maximum=65_535),
        "NAME": env.string("DATABASE_NAME", "beez"),
        "USER": env.string("DATABASE_USER", "beez"),
        "PASSWORD": env.secret("DATABASE_PASSWORD", ""),
        **{name.upper(): value for name, value in options.items()},
    }


def redis() -> str:
    """The address of Redis with its password; empty where Beez does without."""
    url, password = env.string("REDIS_URL", ""), env.secret("REDIS_PASSWORD", "")
    if not url:
        if password:
            raise ImproperlyConfigured(
                "REDIS_PASSWORD is set, and REDIS_URL is not. Set it, like redis://host:6379/0."
            )
        return ""
    if not re.match(r"(rediss?|unix)://", url):
        raise ImproperlyConfigured("REDIS_URL must name a Redis, like redis://host:6379/0.")
    rest = url.partition("://")[2]
    if rest.count("@") > 1 or "#" in rest or not env.is_url(url) or not _ends_in_number(url):
        raise ImproperlyConfigured(
            "REDIS_URL cannot be understood. Write it like redis://host:6379/0, and its password "
            "into REDIS_PASSWORD, as it is."
        )
    return _with_password(url, password) if password else url


def _parts_set() -> list[str]:
    return [name for name in _PARTS if env.string(name, "")]


def _ends_in_number(url: str) -> bool:
    """After the host of `redis://host/0` stands a number, or nothing."""
    return url.startswith("unix:") or re.fullmatch(r"/?\d*", urlsplit(url).path) is not None


def _with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    user, _, rest = parts.netloc.rpartition("@")
    if ":" in user:
        raise ImproperlyConfigured(
            "REDIS_URL has a password, and REDIS_PASSWORD is another. Leave one of them out."
        )
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{rest}").geturl()
