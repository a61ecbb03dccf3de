"""Which tags may be given, and what staff pages call them."""

import time

from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_save

from beez.api.names import why_not_a_name
from classifier.models import NAME_LENGTH, Tag

FRESH_SECONDS = 2.0  # until another process's new label is seen

_SEPARATORS = set(";|,")
_SAYS_NONE = {"none", "-", "–", "no tag"}

_labels: tuple[float, dict[str, str]] | None = None


def why_not_a_tag(name: str) -> str | None:
    """A sentence where a file of labelled messages, or a query, cannot carry a new tag's name."""
    if wrong := why_not_a_name(name, longest=NAME_LENGTH):
        return wrong
    if not _SEPARATORS.isdisjoint(name):
        return "A name has no comma, ; or |, which part tags in files."
    if name.casefold() in _SAYS_NONE:
        return f"{name!r} says that a message has no tag."
    return None


def in_use() -> QuerySet[Tag]:
    """The tags that are not retired, by stage and name."""
    return Tag.objects.filter(retired_at=None)


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
