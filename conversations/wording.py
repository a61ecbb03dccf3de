"""When two messages have the same words: letter for letter, but for case and space; in SQL."""

from django.db.models import F, Func, TextField, Value
from django.db.models.functions import MD5, Lower, Trim


def wording(text: F) -> MD5:
    """The digest of a text's words; an index has it of every reviewed message."""
    spaced = Func(
        text,
        Value(r"\s+"),
        Value(" "),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
    return MD5(Lower(Trim(spaced)))
