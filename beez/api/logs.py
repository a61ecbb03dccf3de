"""Log lines that never hold a customer's words."""

import logging
import traceback
from types import TracebackType

from django.db import InterfaceError, OperationalError

_Exception = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class LineFormatter(logging.Formatter):
    """Tracebacks as places and exception types, without most exceptions' messages.

    A database error, say, quotes the row that it could not store, and with it a message text.
    """

    def formatException(self, ei: _Exception) -> str:  # noqa: N802 - logging's name
        return "\n".join(_outline(ei[1])) if ei[1] is not None else ""


def _outline(exc: BaseException) -> list[str]:
    """Innermost cause first, as Python prints it."""
    cause = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
    lines = [*_outline(cause), "which led to"] if cause is not None else []
    lines += [line.rstrip() for line in traceback.format_tb(exc.__traceback__)]
    return [*lines, f"{kind(exc)}: {told(exc)}" if _is_safe(exc) else kind(exc)]


def kind(exc: BaseException) -> str:
    """An exception's type by its full name, without what it says."""
    return f"{type(exc).__module__}.{type(exc).__qualname__}"


def sqlstate(exc: BaseException | None) -> str | None:
    """Postgres's code of a database error, Django's or psycopg's; None where it gave none."""
    while exc is not None and getattr(exc, "sqlstate", None) is None:
        exc = exc.__cause__
    return getattr(exc, "sqlstate", None)


def told(exc: BaseException) -> str:
    """What an exception says; of what Postgres says, its code and first sentence alone.

    The lines below that quote the statement, and in DETAIL and CONTEXT values of its rows.
    """
    if (code := sqlstate(exc)) is None:
        return str(exc)
    return f"{str(exc).strip().partition(chr(10))[0]} ({code})"


def _is_safe(exc: BaseException) -> bool:
    """Their messages name files, modules, servers and models, never what a customer wrote."""
    ours = type(exc).__module__.partition(".")[0] in {"beez", "classifier"}
    return ours or isinstance(exc, OSError | ImportError | OperationalError | InterfaceError)
