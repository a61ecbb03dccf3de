"""How often staff say what the model said, told from messages that chance has chosen.

Messages that staff came upon, or of which the model was unsure, are harder or odder than most; only
those drawn at random tell how the model does on all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from django.db.models import Q
from django.utils import timezone

from classifier import registry
from classifier.tags import in_use
from conversations import reviewing
from conversations.models import Review

LATELY = timedelta(days=90)
ENOUGH = 30  # reviews of the live version's messages; with fewer, those of earlier versions count
MOST = 20_000  # reviews that are read, the newest
Z = 1.959964  # of the normal distribution, for 95%

# Reading is no way of drawing at random, even where the message is one of the sample.
BY_CHANCE = Q(chosen=Review.Chosen.RANDOM) | Q(
    message__sampled=True, chosen__in=[Review.Chosen.UNSURE, Review.Chosen.SHADOW]
)


@dataclass(frozen=True, kw_only=True)
class Share:
    """`agreed` of `of`, and where the share of all such messages lies (95%); `of` may be 0."""

    agreed: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.agreed, self.of)


@dataclass(frozen=True, kw_only=True)
class TagAgreement:
    """`given`: of the messages that the model gave the tag, those where staff agree.

    `found`: of the messages that have the tag by the word of staff, those where the model gave it.
    """

    tag: str
    given: Share
    found: Share


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """From reviews since `since`, of messages of `version` alone, or of all where that is None.

    `messages`: those where staff and model say the same of every tag.
    """

    since: datetime
    version: str | None
    messages: Share
    tags: list[TagAgreement]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a model said of a message and what a person says, of the tags that existed then."""

    version: int
    said: frozenset[str]
    says: frozenset[str]
    known: frozenset[str]


def wilson(successes: int, of: int) -> tuple[float, float]:
    """95% interval of a share, from 0 to 1; (0, 1) where nothing was seen.

    Wilson's score interval (Wilson 1927), which holds for few trials and for shares near 0 and 1
    (Brown, Cai and DasGupta 2001).
    """
    if not of:
        return 0.0, 1.0
    share, spread = successes / of, Z * Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def lately(now: datetime | None = None) -> Agreement:
    """Agreement over the last 90 days, on the tags in use. Raises Django's database errors."""
    since = (now or timezone.now()) - LATELY
    every = _judged(since)
    live = registry.live_version()
    of_live = [one for one in every if live and one.version == live.pk]
    enough = live is not None and len(of_live) >= ENOUGH
    return measured(
        of_live if enough else every,
        list(in_use().values_list("name", flat=True)),
        since=since,
        version=live.name if live and enough else None,
    )


def measured(
    judged: Sequence[Judged], tags: Iterable[str], *, since: datetime, version: str | None
) -> Agreement:
    """Pure: the shares that follow from what was judged, for `tags` in their order."""
    alike = sum(one.said & one.known == one.says & one.known for one in judged)
    return Agreement(
        since=since,
        version=version,
        messages=Share(agreed=alike, of=len(judged)),
        tags=[_of_tag(tag, judged) for tag in tags],
    )


def _of_tag(tag: str, judged: Sequence[Judged]) -> TagAgreement:
    known = [one for one in judged if tag in one.known]
    both = sum(tag in one.said and tag in one.says for one in known)
    return TagAgreement(
        tag=tag,
        given=Share(agreed=both, of=sum(tag in one.said for one in known)),
        found=Share(agreed=both, of=sum(tag in one.says for one in known)),
    )


def _judged(since: datetime) -> list[Judged]:
    """The holding review of each message that chance has chosen, the newest messages first."""
    drawn = Review.objects.filter(BY_CHANCE, withdrawn_at=None, created_at__gte=since)
    messages = drawn.order_by("-id").values("message")[:MOST]
    rows = reviewing.holding(messages).values_list(
        "message__model_version", "said", "tags", "labelled_for"
    )
    return [
        Judged(
            version=version,
            said=frozenset(said),
            says=frozenset(tags),
            known=frozenset(known),
        )
        for version, said, tags, known in rows
    ]
