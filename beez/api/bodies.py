"""How large a body may be, `MAX_BODY_BYTES`, wherever it goes."""

from django.conf import settings
from django.http import HttpRequest


def limit() -> int:
    """In bytes; of Django's own setting."""
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def announced_too_large(request: HttpRequest) -> bool:
    """By the announced length, before a byte is read: DRF's parsers know no limit.

    `beez.web` has refused such a body already; another server may not.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    return length.isdigit() and (len(length) > 18 or int(length) > limit())
