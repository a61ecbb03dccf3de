"""The one way in which conversations are erased, with everything that hangs on them.

The rows go by the database's own cascade, so that a new table is in it; who keeps something of
conversations elsewhere (prepared data sets) has put a function into `keepers`. Each slice is one
transaction with its part of the receipt; what was broken off goes on where it stopped.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet

from beez.webhooks import outbox
from conversations import receipts
from conversations.models import Conversation, Message, Receipt, Review
from conversations.receipts import Traces

SLICE = 200  # conversations in one transaction
PATIENCE = 10.0  # seconds that a request may take of it; the worker does the rest
ERASED = "(erased)"


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """What is about to go, for those who keep something of it elsewhere; their locks are held."""

    conversations: list[int]
    names: list[str]  # the conversations' ids
    reviews: list[int]  # withdrawn ones too
    texts: list[str]  # of messages that were ever reviewed


keepers: list[Callable[[Leaving], Traces]] = []


def erase(*, conversation_id: str, actor: str) -> Receipt | None:
    """The receipt; None where there was no such conversation. A message that is being posted
    meanwhile waits for the lock and begins the conversation anew."""
    if "\0" in conversation_id:  # Postgres stores none
        return None
    found = Conversation.objects.filter(conversation_id=conversation_id)
    with transaction.atomic():
        leaving = _locked(found)
        if not leaving.conversations:
            return None
        receipt = receipts.begin(Receipt.Kind.CONVERSATION, conversation_id, actor=actor)
        _erase(leaving, receipt)
        receipts.finish(receipt)
    return receipt


def erase_customer(
    *, customer_id: str, actor: str, seconds: float | None = PATIENCE
) -> Receipt | None:
    """The receipt over all of the customer's conversations, unfinished where `seconds` were not
    enough; None where there was nothing to erase."""
    if "\0" in customer_id:
        return None
    found = Conversation.objects.filter(customer_id=customer_id)
    receipt = receipts.unfinished(Receipt.Kind.CUSTOMER, customer_id)
    if receipt is None:
        if not found.exists():
            return None
        receipt = receipts.begin(Receipt.Kind.CUSTOMER, customer_id, actor=actor)
    deadline = None if seconds is None else time.monotonic() + seconds
    for _ in slices(receipt, found.order_by("pk")):
        if deadline is not None and time.monotonic() > deadline:
            break
    receipt.refresh_from_db()
    return receipt


def go_on() -> int:
    """Finish the erasures of customers that were broken off; how many there were."""
    waiting = list(Receipt.objects.filter(kind=Receipt.Kind.CUSTOMER, finished_at=None))
    for receipt in waiting:
        erase_customer(customer_id=receipt.subject, actor=receipt.actor, seconds=None)
    return len(waiting)


def slices(receipt: Receipt, found: QuerySet[Conversation]) -> Iterator[int]:
    """Erase what `found` finds, slice by slice, and yield how many each had; the last one
    finishes the receipt. Another process may work on the same receipt."""
    while True:
        with transaction.atomic():
            held = Receipt.objects.select_for_update().get(pk=receipt.pk)
            if held.finished_at is not None:
                return
            leaving = _locked(found)
            if not leaving.conversations and not found.exists():
                receipts.finish(held)
                return
            _erase(leaving, held)
        yield len(leaving.conversations)


def _locked(found: QuerySet[Conversation]) -> Leaving:
    """The first of `found`, locked in the order of their keys, and what hangs on them. What was
    found no more when the lock was held, for a message has come, is not among them."""
    first = list(found.values_list("pk", flat=True)[:SLICE])
    rows = Conversation.objects.select_for_update().filter(pk__in=first).order_by("pk")
    held = list(rows.values_list("pk", flat=True))
    names = dict(found.filter(pk__in=held).values_list("pk", "conversation_id"))
    # So that nobody hangs anything more on them: a reviewer's claim waits, and finds none left.
    messages = Message.objects.select_for_update().filter(conversation__in=names).order_by("pk")
    list(messages.values_list("pk", flat=True))
    reviews = Review.objects.filter(message__conversation__in=names)
    texts = Message.objects.filter(conversation__in=names, reviews__isnull=False).distinct()
    return Leaving(
        conversations=list(names),
        names=list(names.values()),
        reviews=list(reviews.order_by("pk").values_list("pk", flat=True)),
        texts=list(texts.values_list("text", flat=True)),
    )


def _erase(leaving: Leaving, receipt: Receipt) -> None:
    """Everything of what is leaving, in the caller's transaction, and its part of the receipt."""
    if not leaving.conversations:
        return
    traces = {digest: found for keeper in keepers for digest, found in keeper(leaving).items()}
    _, rows = Conversation.objects.filter(pk__in=leaving.conversations).delete()
    erased = {receipts.kind(label): count for label, count in rows.items()}
    receipts.add(receipt, erased=erased | _not_hanging_on_them(leaving), traces=traces)


def _not_hanging_on_them(leaving: Leaving) -> dict[str, int]:
    """What names the conversations without a foreign key, by kind."""
    _forget_in_the_log(leaving.conversations)
    return {"webhook_events": outbox.forget(subjects=leaving.names)}


def _forget_in_the_log(conversations: list[int]) -> None:
    """What staff did stays in the admin's log; of the conversation only its number."""
    kind = ContentType.objects.get_for_model(Conversation)
    entries = LogEntry.objects.filter(content_type=kind, object_id__in=map(str, conversations))
    entries.update(object_repr=ERASED, change_message="")
