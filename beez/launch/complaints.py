"""What the database says to a command, in a sentence for the person at the terminal."""

from collections.abc import Iterator

from django.db import Error, InterfaceError, OperationalError

NO_TABLES = "The tables of Beez are not there yet: run `manage.py migrate` or `make run` first."
_OLD_TABLES = "The tables of Beez are of an older version: run `manage.py migrate` first."
_UNDEFINED_TABLE, _UNDEFINED_COLUMN = "42P01", "42703"
# Postgres' classes: no connection, refused, no such database, no room, shutting down.
_AWAY = ("08", "28", "3D", "53", "57P")


def sentence(error: Error) -> str | None:
    """None where the error is none of the database's state, but of what was asked of it."""
    states = [getattr(one, "sqlstate", None) for one in _chain(error)]
    if _UNDEFINED_TABLE in states:
        return NO_TABLES
    if _UNDEFINED_COLUMN in states:
        return _OLD_TABLES
    known = [state for state in states if state]
    away = not known and isinstance(error, OperationalError | InterfaceError)  # never answered
    if away or any(state.startswith(_AWAY) for state in known):
        return (
            f"The database cannot be used: {_first_line(error)}. "
            "See that it runs, and what DATABASE_URL or DATABASE_HOST name."
        )
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _first_line(error: Error) -> str:
    return (str(error).strip().splitlines() or ["no answer"])[0].rstrip(".")
