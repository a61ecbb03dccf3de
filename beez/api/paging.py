"""Pages of rows, the newest first: what a query says of them, and how they are cut."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import serializers

PAGE, LARGEST_PAGE = 50, 200

Row = TypeVar("Row", bound=Model)


class NewestFirst(serializers.Serializer[Any]):
    """Which page of the rows."""

    cursor = serializers.RegexField(
        r"^[0-9]{1,18}$",  # a key of Postgres has room for it
        required=False,
        help_text="`next` of the page before.",
        error_messages={"invalid": "Not a cursor that this service gave."},
    )
    limit = serializers.IntegerField(default=PAGE, min_value=1, max_value=LARGEST_PAGE)


def page(rows: QuerySet[Row], query: Mapping[str, Any]) -> tuple[list[Row], str | None]:
    """The rows of the page, and the cursor of the next one, if there is one.

    `query` is a checked one of `NewestFirst`.
    """
    limit = query["limit"]
    if "cursor" in query:
        rows = rows.filter(pk__lt=int(query["cursor"]))
    found = list(rows.order_by("-pk")[: limit + 1])
    cut = found[:limit]
    return cut, str(cut[-1].pk) if len(found) > limit else None
