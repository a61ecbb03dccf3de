"""Finds conversations by their id, by how it begins, or by words of their messages.

Words are found as Postgres's full-text search finds them, without a language: whole words, the
last one as the beginning of one, capitals or not, in the first characters of a message.
"""

from collections.abc import Sequence

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Left

from conversations.models import SEARCHED, Conversation, Message

MOST_IDS = 1_001  # found by how they begin: one more than a list counts

# as in the index "message_words", which is not used for another expression
_WORDS = SearchVector(Left("text", SEARCHED), config="simple")


def matching(term: str) -> Q:
    """Condition on a conversation: its id begins with `term`, or a message has all its words."""
    term = term.replace("\0", "").strip()
    if not term:
        return Q()
    words = Q(_has_message_with(term.split()))
    ids = Conversation.objects.filter(conversation_id__startswith=term).order_by("conversation_id")
    found = list(ids.values_list("pk", flat=True)[:MOST_IDS])  # first: an OR would use no index
    return words | Q(pk__in=found) if found else words


def _has_message_with(words: Sequence[str]) -> Exists:
    query = SearchQuery(_query(words), config="simple", search_type="raw")
    messages = Message.objects.alias(vector=_WORDS).filter(vector=query)
    return Exists(messages.filter(conversation=OuterRef("pk")))


def _query(words: Sequence[str]) -> str:
    """All of `words` in the syntax of `to_tsquery`, in quotes, in which it knows no operator."""
    quoted = ["'{}'".format(word.replace("\\", "\\\\").replace("'", "''")) for word in words]
    return " & ".join(quoted) + ":*"
