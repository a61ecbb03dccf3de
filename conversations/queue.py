"""Which message a reviewer sees next, and that nobody else gets it meanwhile; no HTTP.

Nine of ten come from where a candidate answers otherwise or the model is least sure. One of ten
is drawn at random from the messages that were set apart when they came, and these come no other
way, so that the quality of the model can be told from them without bias.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from conversations.models import Claim, Message, Review, Skip
from conversations.shadow import trial

HOLD = timedelta(minutes=10)  # how long a message stays with the person who was shown it
RANDOM_SHARE = 0.1
QUEUED = (Review.Chosen.UNSURE, Review.Chosen.RANDOM, Review.Chosen.SHADOW)
BATCH = 50  # messages tried in one go, where others are just taking the first of them
GUESSES = 200  # ids tried for one that waits, before all that wait are read
COUNTED = 1000

Source = Callable[[str], Iterator[int]]  # ids of messages that may be shown to a person, in order


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Messages that a person has reviewed today, and unsure ones that wait: COUNTED at most."""

    today: int
    waiting: int
    more: bool  # than COUNTED

    @property
    def total(self) -> int:
        """Of a bar that is full when nothing unsure waits any more."""
        return max(1, self.today + self.waiting)


def draw(actor: str) -> Claim | None:
    """The next message for `actor`, theirs for ten minutes from now; None when nothing waits.

    One that is theirs already comes again: a page that is loaded twice takes no second message.
    """
    if (held := _held_by(actor)) and hold(held.message_id, actor=actor, chosen=held.chosen):
        return held
    for chosen, find in _order():
        for message in find(actor):
            if hold(message, actor=actor, chosen=chosen) and (held := _held_by(actor)):
                return held
    return None


def _order() -> list[tuple[Review.Chosen, Source]]:
    """Where to look for the next message, one place after the other."""
    doubtful: list[tuple[Review.Chosen, Source]] = [
        (Review.Chosen.SHADOW, _answered_otherwise),
        (Review.Chosen.UNSURE, _least_sure),
    ]
    by_lot: list[tuple[Review.Chosen, Source]] = [(Review.Chosen.RANDOM, _at_random)]
    return by_lot + doubtful if random.random() < RANDOM_SHARE else doubtful + by_lot


def hold(message: int, *, actor: str, chosen: str) -> bool:
    """Give a message to `actor`, or go on holding it; False when another person has it.

    False too when it was erased meanwhile.
    """
    now = timezone.now()
    held = {"actor": actor, "chosen": chosen, "until": now + HOLD}
    free = Q(until__lte=now) | Q(actor=actor)
    if Claim.objects.filter(free, message=message).update(**held):
        return True
    try:
        return Claim.objects.get_or_create(message_id=message, defaults=held)[1]
    except IntegrityError:
        return False


def let_go(message: int, *, actor: str) -> None:
    """What `actor` holds is free again; nothing where another person holds it."""
    now = timezone.now()
    Claim.objects.filter(message=message, actor=actor, until__gt=now).update(until=now)


def progress(actor: str) -> Progress:
    """How far a person has come today. Counting stops at COUNTED, however many there are."""
    mine = Review.objects.filter(actor=actor, created_at__gte=midnight(), withdrawn_at=None)
    waiting = _doubtful().filter(unsure=True)[: COUNTED + 1].count()
    return Progress(
        today=mine.filter(chosen__in=QUEUED).count(),
        waiting=min(waiting, COUNTED),
        more=waiting > COUNTED,
    )


def midnight() -> datetime:
    """When today began, where the shop is (`TIME_ZONE`)."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def _held_by(actor: str) -> Claim | None:
    """The message that a person took last and has not answered."""
    held = Claim.objects.filter(actor=actor, until__gt=timezone.now(), message__reviewed=False)
    return held.select_related("message__conversation").order_by("-until").first()


def _doubtful() -> QuerySet[Message]:
    """Messages in doubt, then all others, in the order of the index message_least_sure.

    Those whose words were reviewed with another message are left out.
    """
    same = Message.objects.filter(reviewed=True, words=OuterRef("words"))
    messages = Message.objects.filter(~Exists(same), reviewed=False, sampled=False)
    return messages.order_by("-unsure", "-uncertainty", "-id")


def _answered_otherwise(actor: str) -> Iterator[int]:
    """Those that the candidate in trial answers otherwise than the live version; newest first."""
    running = trial.running()
    if running is None:
        return
    differing = running.answers.filter(differs=True).values("message")
    messages = _new_words(actor).filter(pk__in=differing).order_by("-pk")
    yield from messages.values_list("pk", flat=True)[:BATCH]


def _least_sure(actor: str) -> Iterator[int]:
    """Those of which the model was unsure or which were unfamiliar to it; then all others."""
    yield from _new_words(actor).values_list("pk", flat=True)[:BATCH]


def _new_words(actor: str) -> QuerySet[Message]:
    """`_doubtful`, without words that somebody is asked just now or the person skipped today."""
    taken = Message.objects.filter(pk__in=_taken(actor)).values_list("words", flat=True)
    return _doubtful().exclude(words__in=list(taken))


def _at_random(actor: str) -> Iterator[int]:
    """Messages that were set apart when they came, each with the same chance.

    Ids are guessed until some that wait are met, which is as fair as choosing among all that
    wait, and does not read them. Where few wait among many ids, they are read.
    """
    waiting = Message.objects.filter(reviewed=False, sampled=True).exclude(pk__in=_taken(actor))
    ends = waiting.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return
    guesses = [random.randint(ends["first"], ends["last"]) for _ in range(GUESSES)]
    found = set(waiting.filter(pk__in=guesses).values_list("pk", flat=True))
    yield from (pk for pk in guesses if pk in found)
    yield from waiting.order_by("?").values_list("pk", flat=True)[:BATCH]


def _taken(actor: str) -> list[int]:
    """Messages that somebody holds, and those that the person skipped today: a few ids."""
    held = Claim.objects.filter(until__gt=timezone.now()).values_list("message_id", flat=True)
    skipped = Skip.objects.filter(actor=actor, created_at__gte=midnight())
    return [*held, *skipped.values_list("message_id", flat=True)]
