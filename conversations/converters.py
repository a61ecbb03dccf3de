"""A conversation's id in a path: anything that a body may carry, line breaks too, but for what
no client could ask for again.

Django's `path` stops at a line break, which would leave conversations that none can erase.
"""

import re

from django.urls.converters import StringConverter

# Is another route's path, or that of one which is misspelt and must not erase what it names.
_CORRECTION = re.compile(r"(?s:.+)/messages/[^/]*/correction")


class ConversationId(StringConverter):
    regex = "(?s:.+)"


def why_not_addressable(conversation_id: str) -> str | None:
    """A sentence where clients and proxies would make another path of the id on the way."""
    parts = conversation_id.split("/")
    if not parts[0] or not parts[-1]:
        return "An id may not begin or end with '/': proxies take it away. Leave it out."
    if not {".", ".."}.isdisjoint(parts):
        return (
            "An id may not be '.' or '..', nor have such a part between '/': "
            "clients shorten such paths. Add another character."
        )
    if _CORRECTION.fullmatch(conversation_id):
        return "An id may not end like the path of a correction. Replace its '/', say by '-'."
    return None
