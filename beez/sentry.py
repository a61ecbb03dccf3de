"""Errors to Sentry, where SENTRY_DSN is set: the place and the kind of an error, and nothing said.

Of what Sentry's library would send, an event keeps what is named here; bodies, headers, variables,
statements, arguments of jobs and what exceptions say stay in the house.
"""

from typing import TYPE_CHECKING, Any

from beez import __version__
from beez.api import request_ids
from beez.api.logs import is_outage, is_safe, kind

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

KEPT = (
    *("event_id", "timestamp", "level", "logger", "platform", "release", "environment"),
    *("server_name", "exception", "sdk"),
)
FRAME = ("filename", "abs_path", "function", "module", "lineno", "in_app", "context_line")


def start(dsn: str) -> None:
    """Imported here, since most run without it."""
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        release=__version__,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        before_send=stripped,
    )


def stripped(event: "Event", hint: "Hint") -> "Event | None":
    """The event without anything that was said; None for an outage, which monitoring tells."""
    error = (hint.get("exc_info") or (None, None))[1]
    record = hint.get("log_record")
    if is_outage(error) or getattr(record, "outage", False):
        return None
    kept: Any = {name: event[name] for name in KEPT if name in event}  # type: ignore[literal-required]
    safe = _safe_kinds(error)
    for said in kept.get("exception", {}).get("values", ()):
        name = f"{said.get('module') or 'builtins'}.{said.get('type')}"
        _strip(said, keep_words=name in safe)
    if record is not None:  # Beez's own lines hold no words of customers; a library's may
        ours = record.name.partition(".")[0] in {"beez", "classifier", "conversations", "training"}
        kept["logentry"] = {"message": record.getMessage() if ours else record.name}
    kept["tags"] = {"request_id": request_ids.current.get(), "job": request_ids.job.get()}
    return kept  # type: ignore[no-any-return]


def _strip(said: dict[str, Any], *, keep_words: bool) -> None:
    if not keep_words:
        said["value"] = ""
    said.pop("mechanism", None)
    stack = said.get("stacktrace") or {}
    stack["frames"] = [
        {name: frame[name] for name in FRAME if name in frame} for frame in stack.get("frames", ())
    ]


def _safe_kinds(error: BaseException | None) -> set[str]:
    found: set[str] = set()
    while error is not None:
        if is_safe(error):
            found.add(kind(error))
        error = error.__cause__ or error.__context__
    return found
