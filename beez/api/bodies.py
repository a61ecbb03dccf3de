"""How large a body may be, `MAX_BODY_BYTES`, with its length announced or not."""

from io import RawIOBase
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def limit() -> int:
    """In bytes; of Django's own setting, which keeps it in the admin."""
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def announced_too_large(request: HttpRequest) -> bool:
    """By the announced length, before a byte is read: DRF's parsers know no limit."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return length.isdigit() and (len(length) > 18 or int(length) > limit())


def admit_unannounced(request: HttpRequest) -> None:
    """Let a body without Content-Length be read (`Transfer-Encoding: chunked`).

    Django takes it for an empty one, for a server might wait for ever at its end. One that says
    `wsgi.input_terminated`, as gunicorn does, ends it. It is read when a view asks, after
    authentication.
    """
    meta = request.META
    unannounced = meta.get("HTTP_TRANSFER_ENCODING") and not meta.get("CONTENT_LENGTH")
    if unannounced and meta.get("wsgi.input_terminated"):
        request._stream = cast(BinaryIO, _Limited(meta["wsgi.input"]))
        meta["CONTENT_LENGTH"] = str(limit())  # at most; DRF reads nothing where it is 0


class _Limited(RawIOBase):
    """A stream that raises RequestDataTooBig past the limit, and OSError where it breaks off."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._left = stream, limit()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._stream.read(len(view))
        except Exception as error:  # every server has exceptions of its own for a broken chunk
            raise OSError("The body breaks off or is not chunked as announced.") from error
        self._left -= len(data)
        if self._left < 0:
            raise RequestDataTooBig
        view[: len(data)] = data
        return len(data)
