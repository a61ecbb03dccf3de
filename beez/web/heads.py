"""How long the line and the headers of a request may be.

The server has limits of its own above these, and its answers have no body. So the usual mistake, a
query or a cookie that grows, comes here first and is told what is wrong.
"""

from granian.rsgi import Scope
from rest_framework.exceptions import APIException

from beez.api import errors

LINE = 16_384  # characters of path and query
HEADERS, NAMES = 32_768, 64  # bytes of all headers together, and how many


def refusal(scope: Scope, headers: list[tuple[str, str]]) -> APIException | None:
    if len(scope.path) + len(scope.query_string) > LINE:
        return errors.LineTooLong(LINE)
    if len(headers) > NAMES or sum(len(name) + len(value) for name, value in headers) > HEADERS:
        return errors.HeadersTooLarge(NAMES, HEADERS)
    return None
