"""Which tags may be given, and what staff pages call them."""

import time
from collections.abc import Iterable

from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from beez.api.names import why_not_a_name
from beez.files import names as file_names
from classifier.models import NAME_LENGTH, Tag

FRESH_SECONDS = 2.0  # until another process's new label is seen

# What the first migration adds, and the shipped messages are labelled for.
SHIPPED = ("First-time-visitor", "Window-shopper", "Wishlist-user", "Deal-seeker", "Hot-buyer")

_labels: tuple[float, dict[str, str]] | None = None


def why_not_a_tag(name: str, *, others: Iterable[str] = ()) -> str | None:
    """A sentence where a file of labelled messages, or a query, cannot carry a new tag's name, or
    not beside `others`."""
    if wrong := why_not_a_name(name, longest=NAME_LENGTH) or file_names.why_no_tag(name):
        return wrong
    head = file_names.folded(name)
    alike = (one for one in others if one != name and file_names.folded(one) == head)
    if like := next(alike, None):
        return (
            f"As a column, {name!r} is the same as {like!r}: case, blanks and hyphens do not count "
            "there. Take that one, with a label if staff pages should call it otherwise."
        )
    return None


def own() -> bool:
    """Whether this home has tags of its own, which the shipped messages know nothing of."""
    return in_use().exclude(name__in=SHIPPED).exists()


def in_use() -> QuerySet[Tag]:
    """The tags that are not retired, by stage and name."""
    return Tag.objects.filter(retired_at=None)


def retire(name: str, *, undo: bool = False) -> bool:
    """Nobody gives the tag `name` any more, or may again with `undo`; whether that is news."""
    tag = Tag.objects.get(name=name)
    if (tag.retired_at is None) == undo:
        return False
    tag.retired_at = None if undo else timezone.now()
    tag.save()
    return True


def names() -> list[str]:
    """Of all tags, retired ones too, in order of stage."""
    return list(Tag.objects.values_list("name", flat=True))


def label(name: str) -> str:
    """What staff pages call the tag `name`, which may be gone by now."""
    global _labels
    now = time.monotonic()
    if _labels is None or now - _labels[0] > FRESH_SECONDS:
        named = Tag.objects.exclude(label="").values_list("name", "label")
        _labels = (now, dict(named))
    return _labels[1].get(name, name)


def forget_labels(**_: object) -> None:
    """Read them anew at the next call; a tag that this process saves does that."""
    global _labels
    _labels = None


for _signal in (post_save, post_delete):
    _signal.connect(forget_labels, sender=Tag, dispatch_uid="forget_labels")
