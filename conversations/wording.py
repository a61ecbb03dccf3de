"""When two messages have the same words: letter for letter, but for case and space; in SQL."""

from django.db.models import F, Func, TextField, UUIDField, Value
from django.db.models.functions import MD5, Cast, Lower, Trim


def wording(field: str) -> Cast:
    """A digest of a text's words, which Postgres computes as it stores the row."""
    spaced = Func(
        F(field),
        Value(r"\s+"),
        Value(" "),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
    return Cast(MD5(Lower(Trim(spaced))), UUIDField())
