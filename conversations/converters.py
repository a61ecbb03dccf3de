"""A conversation's id in a path: anything that a body may carry, line breaks too.

Django's `path` stops at a line break, which would leave conversations that none can erase.
"""

from django.urls.converters import StringConverter


class ConversationId(StringConverter):
    regex = "(?s:.+)"
