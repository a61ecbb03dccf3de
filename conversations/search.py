"""Finds conversations by their id or their customer's, by how it begins, or by words of messages.

Words are found as Postgres's full-text search finds them, without a language: whole words, the
last one as the beginning of one, capitals or not, in the first characters of a message.
"""

from collections.abc import Iterator, Sequence

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Left

from conversations.models import SEARCHED, Conversation, Message

MOST_IDS = 1_001  # found by how they begin: one more than a list counts

# as in the index "message_words", which is not used for another expression
_WORDS = SearchVector(Left("text", SEARCHED), config="simple")


def matching(term: str) -> Q:
    """Condition on a conversation: its id, or its customer's, begins with `term`, or a message has
    all its words."""
    term = term.replace("\0", "").strip()
    if not term:
        return Q()
    words = Q(_has_message_with(term.split()))
    found = [*_beginning("conversation_id", term), *_beginning("customer_id", term)]
    return words | Q(pk__in=found) if found else words


def _beginning(field: str, term: str) -> Iterator[int]:
    """Looked up first, each by its own index, for an OR would use none."""
    found = Conversation.objects.filter(**{f"{field}__startswith": term}).order_by(field)
    return found.values_list("pk", flat=True)[:MOST_IDS].iterator()


def _has_message_with(words: Sequence[str]) -> Exists:
    query = SearchQuery(_query(words), config="simple", search_type="raw")
    messages = Message.objects.alias(vector=_WORDS).filter(vector=query)
    return Exists(messages.filter(conversation=OuterRef("pk")))


def _query(words: Sequence[str]) -> str:
    """All of `words` in the syntax of `to_tsquery`, in quotes, in which it knows no operator."""
    quoted = ["'{}'".format(word.replace("\\", "\\\\").replace("'", "''")) for word in words]
    return " & ".join(quoted) + ":*"
