"""Log lines that never hold a customer's words, as lines for people or as JSON for machines."""

import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from django.db import InterfaceError, OperationalError
from pythonjsonlogger.json import JsonFormatter as _JsonFormatter

from beez.api import request_ids

_Exception = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)

FIELDS = ("route", "method", "status", "ms", "key")  # that a record may bring along


class LineFormatter(logging.Formatter):
    """Tracebacks as places and exception types, without most exceptions' messages.

    A database error, say, quotes the row that it could not store, and with it a message text.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        name = request_ids.current.get()
        return super().formatMessage(record) + (f" [{name}]" if name else "")

    def formatException(self, ei: _Exception) -> str:  # noqa: N802 - logging's name
        return _traceback(ei)


class JsonFormatter(_JsonFormatter):
    """An object a line, of fields that are named here: libraries attach others, such as a job's
    arguments."""

    def formatException(self, ei: _Exception) -> str:  # noqa: N802 - logging's name
        return _traceback(ei)

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        log_data |= {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.message,
            "request_id": request_ids.current.get(),
            "job": request_ids.job.get(),
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
            "exception": message_dict.get("exc_info", ""),
        }
        for name in ("request_id", "job", "exception"):
            if not log_data[name]:
                del log_data[name]


class WithoutQuotations(logging.Filter):
    """Mends lines of libraries: Django's name a path, and with it perhaps a customer; Celery's
    quote what an exception says. What Beez has told in a line of its own is not told twice."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if record.name == "django.request":
            if error is None or is_outage(error):
                return False  # `beez.api.errors` has a line for each, with the request's name
            record.msg, record.args = "Unexpected %s", (kind(error),)
        elif isinstance(record.args, dict) and "exc" in record.args:  # Celery's, of a job
            record.args = record.args | {"exc": kind(error) if error else "…"}
            if is_outage(error):
                record.exc_info = record.exc_text = None
        return True


def is_outage(error: BaseException | None) -> bool:
    """The database is away or overloaded, which a traceback does not tell better."""
    return isinstance(error, OperationalError | InterfaceError)


def _traceback(ei: _Exception) -> str:
    return "\n".join(_outline(ei[1])) if ei[1] is not None else ""


def _outline(exc: BaseException) -> list[str]:
    """Innermost cause first, as Python prints it."""
    cause = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
    lines = [*_outline(cause), "which led to"] if cause is not None else []
    lines += [line.rstrip() for line in traceback.format_tb(exc.__traceback__)]
    return [*lines, f"{kind(exc)}: {told(exc)}" if is_safe(exc) else kind(exc)]


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
    code = sqlstate(exc)
    first = (str(exc).strip().splitlines() or [kind(exc)])[0]
    return first if code is None else f"{first} ({code})"


def is_safe(exc: BaseException) -> bool:
    """Their messages name files, modules, servers and models, never what a customer wrote."""
    ours = type(exc).__module__.partition(".")[0] in {"beez", "classifier"}
    return ours or isinstance(exc, OSError | ImportError | OperationalError | InterfaceError)
