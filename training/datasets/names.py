"""By which names a message, its tags and the rest are known in files that others made."""

import re

MESSAGE = ("message", "text", "body", "content", "utterance", "message_text")
TAGS = ("tags", "tag", "labels", "label", "annotation")
GROUP = ("group",)
LABELLED_FOR = ("labelled_for", "labeled_for")
# What a person writes into the tags of a message that carries none.
NO_TAG = ("none", "no tag", "no tags", "untagged", "-", "–", "—")
_NUMBERED = re.compile(r"(?:tag|label)s?[ _.-]?\d+")


def folded(name: str) -> str:
    """A column's or field's name as it is compared: case, spaces and hyphens do not count."""
    return re.sub(r"[ -]+", "_", name.strip().casefold())


def field(name: str) -> str | None:
    """message, tags, group or labelled_for, if `name` is a name for one of them."""
    ours = folded(name)
    groups = {"message": MESSAGE, "tags": TAGS, "group": GROUP, "labelled_for": LABELLED_FOR}
    return next((of for of, known in groups.items() if ours in known), None)


def best(names: list[str], of: str) -> str | None:
    """The one among `names` that is read as field `of`: the best-known where there are several."""
    known = {"message": MESSAGE, "tags": TAGS, "group": GROUP, "labelled_for": LABELLED_FOR}[of]
    found = [name for name in names if folded(name) in known]
    return min(found, key=lambda name: known.index(folded(name)), default=None)


def is_numbered_tag(name: str) -> bool:
    """Whether a column is one of several with a tag each, such as `tag_1`."""
    return bool(_NUMBERED.fullmatch(folded(name)))


def is_remark(name: str) -> bool:
    return name.strip().startswith("_")
