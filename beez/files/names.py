"""By which names a message, its tags and the rest are known in files that others made, and what
parts the tags of a cell: `why_no_tag` says which names no file can carry as a tag's.
"""

import re

MESSAGE = ("message", "text", "body", "content", "utterance", "message_text")
TAGS = ("tags", "tag", "labels", "label", "annotation")
GROUP = ("group",)
LABELLED_FOR = ("labelled_for", "labeled_for")
# What a person writes into the tags of a message that carries none.
NO_TAG = ("none", "no tag", "no tags", "untagged", "-", "–", "—")
YES = {"1", "1.0", "true", "yes", "y", "x", "✓"}
NO = {"", "0", "0.0", "false", "no", "n"}
PARTS_TAGS = ";|\n"  # and a comma, except within a name that is known
QUOTES = "\"'"  # around the tags of a cell like ['a', 'b'], as programs write lists
_FORMULA = "=+-@"  # how a cell begins that a spreadsheet computes, or guards itself against
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


def why_no_tag(name: str) -> str | None:
    """A sentence where a tag of this name would be lost in some file that carries it; else None."""
    if any(one in name for one in (*PARTS_TAGS, ",")):
        return "A name has no comma, ; or |, which part tags in files."
    if name.strip().casefold() in NO_TAG:
        return f"{name!r} says that a message has no tag."
    if field(name) or is_numbered_tag(name):
        return f"{name!r} is what files call a column of their own; name the tag otherwise."
    if name[:1] in _FORMULA:
        return "A name does not begin with =, +, - or @, which spreadsheets take for a formula."
    if name[:1] in QUOTES + "[" or name[-1:] in QUOTES + "]":
        return "A name neither begins nor ends with a quote or a bracket, which stand around lists."
    return None
