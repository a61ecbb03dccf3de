"""Bodies in, bodies out: JSON in UTF-8, whatever the `charset` and `Accept` headers say."""

from collections.abc import Iterable, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class Utf8JsonParser(JSONParser):
    """JSON is UTF-8 (RFC 8259); other encodings and bottomless nesting are a 400, not a 500."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return super().parse(stream, media_type, {"encoding": "utf-8"})
        except RecursionError:
            raise ParseError("JSON parse error - too deeply nested.") from None


class FirstRenderer(DefaultContentNegotiation):
    """The view's first renderer, so that no `Accept` header is answered with 406."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type or ""
