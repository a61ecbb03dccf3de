"""The route of a request as a label: one of a few, whatever was asked for."""

import re
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

UNMATCHED = "unmatched"  # unknown paths, and what was refused before its route was looked for
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def of(request: HttpRequest) -> str:
    """`/conversation/{conversation_id}`; `/admin/` and `/static/` for all that is below them."""
    match = request.resolver_match
    if match is not None:
        return label(match.route)
    return (
        "/static/"
        if request.path_info.startswith(f"/{settings.STATIC_URL.strip('/')}/")
        else UNMATCHED
    )


def method(request: HttpRequest) -> str:
    name = request.method or ""
    return name if name in METHODS else "other"


@lru_cache(maxsize=512)
def label(route: str) -> str:
    """A route as Django writes it, as the documentation does."""
    if route.startswith("admin/"):
        return "/admin/"
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/{route}")
