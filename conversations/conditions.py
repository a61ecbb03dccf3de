"""Conditions on a conversation that the lists of staff and of the API filter by.

Each is one expression for `filter`, negated by `~`, and stands on an index of its own.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from conversations.models import Message, Review, TagSwitch

NO_TAG = "none"  # how a query says that a conversation has no tag


def asks_for_review() -> Exists:
    """A message of which the model was unsure waits for a person."""
    return Exists(Message.objects.filter(conversation=OuterRef("pk"), unsure=True, reviewed=False))


def reviewed() -> Exists:
    """A review holds for one of its messages."""
    return Exists(Message.objects.filter(conversation=OuterRef("pk"), reviewed=True))


def corrected() -> Q:
    """A review that holds says of a message something else than the model did.

    As a set, since reviews are few: asked of each conversation, Postgres looks for the reviews of
    every message in turn.
    """
    newer = Review.objects.filter(
        message=OuterRef("message"), withdrawn_at=None, pk__gt=OuterRef("pk")
    )
    holding = Review.objects.filter(~Exists(newer), withdrawn_at=None)
    return Q(pk__in=holding.filter(agrees=False).values("message__conversation"))


def sent(since: datetime | None, until: datetime | None) -> Exists:
    """One of its messages was sent from `since` to `until`."""
    within = Q(conversation=OuterRef("pk"), sent_at__isnull=False)
    if since is not None:
        within &= Q(sent_at__gte=since)
    if until is not None:
        within &= Q(sent_at__lte=until)
    return Exists(Message.objects.filter(within))


def sequence(was: str, later: str | None) -> Q:
    """It had the tag `was` at a message and, not only right after it, `later` at a later one.

    `later` is a tag, the same one again meaning that it was left and came back, NO_TAG, or empty
    for whatever came. Told from the switches alone, which are few: a tag that the conversation had
    is its tag of today or was switched from, and no tag is come to by a switch.
    """
    left = TagSwitch.objects.filter(conversation=OuterRef("pk"), from_tag=was)
    if not later:
        return Q(tag=was) | Q(Exists(left))
    if later == NO_TAG:
        return Q(Exists(left.filter(Q(to_tag=None) | Q(_later_switch(to_tag=None)))))
    return Q(Exists(left.filter(Q(conversation__tag=later) | Q(_later_switch(from_tag=later)))))


def _later_switch(**ends: str | None) -> Exists:
    """Messages of a conversation get their ids in order, for they are stored under its lock."""
    return Exists(
        TagSwitch.objects.filter(
            conversation=OuterRef("conversation"), message__gt=OuterRef("message"), **ends
        )
    )
