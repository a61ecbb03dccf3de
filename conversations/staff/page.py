"""What the admin's page of a conversation shows, made from stored rows for the template."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils import timezone

from classifier.engine import ranked
from classifier.tags import in_use as tags_in_use
from classifier.tags import label
from conversations import answers, history, listing, tagging
from conversations.models import Conversation, Message, Review
from conversations.staff import chart
from conversations.staff.pills import css_class

MESSAGES = 50  # on a page


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A tag's probability for a message, beside the threshold that decided."""

    tag: str
    css: str
    confidence: float
    threshold: float
    selected: bool

    @property
    def width(self) -> int:
        """Of 100."""
        return round(self.confidence * 100)

    @property
    def tick(self) -> int:
        return round(self.threshold * 100)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A tag's button; pressed while the message has the tag."""

    tag: str
    label: str
    css: str
    pressed: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a click at a message: a sentence, and the note that was not saved."""

    message: int
    sentence: str
    saved: bool
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    message: Message
    bars: list[Bar]
    before: str | None
    tags: list[str]
    choices: list[Choice]
    retired: list[str]  # those of `tags` that nobody gives any more
    holding: Review | None  # the review that holds
    earlier: list[Review]  # those that do not, the newest first
    outcome: Outcome | None

    @property
    def switched(self) -> bool:
        return tagging.is_switch(self.before, self.message.conversation_tag_id)

    @property
    def confirmed(self) -> str:
        """The tags that a confirmation gives, in words."""
        return ", ".join(one.label for one in self.choices if one.pressed) or "no tag"

    @property
    def corrected(self) -> bool:
        return self.holding is not None and not self.holding.agrees


class _Pages(Paginator):  # type: ignore[type-arg]  # Django cannot subscript it
    """Found by their positions, which have no gaps, so that no page is read past."""

    def __init__(self, conversation: Conversation) -> None:
        self.messages = listing.messages().filter(conversation=conversation)
        super().__init__(self.messages, MESSAGES)
        self.count = conversation.message_count

    def page(self, number: int | str) -> Page[Message]:
        number = self.validate_number(number)
        last = number * MESSAGES
        found = self.messages.filter(position__gt=last - MESSAGES, position__lte=last)
        return Page(found, number, self)


def address(conversation: int, position: int) -> str:
    """Where a message is shown: its page of the conversation, and the place on it."""
    change = reverse("admin:conversations_conversation_change", args=[conversation])
    return f"{change}?page={(position - 1) // MESSAGES + 1}#message-{position}"


def context(
    conversation: Conversation, number: str | None, outcome: Outcome | None = None
) -> dict[str, Any]:
    """Variables of the template; `number` is the page wanted, the last one when None."""
    pages = _Pages(conversation)
    page = pages.get_page(number or pages.num_pages)
    stages = history.stages()
    entries = _entries(page, stages, outcome)
    return {
        "chart": chart.draw([_point(entry) for entry in entries], stages, label=label),
        "entries": entries,
        "page": page,
        "pages": list(pages.get_elided_page_range(page.number)),
        "switch_count": conversation.switches.count(),
    }


def tags_that_hold(message: Message, known: Collection[str]) -> list[str]:
    """Of those `known`, for others have been deleted; a person's word goes before the model's."""
    predicted = [tag.tag_id for tag in message.predicted_tags.all()]
    tags = predicted if message.holding is None else message.holding.tags
    return [tag for tag in tags if tag in known]


def _entries(page: Page[Message], known: Collection[str], outcome: Outcome | None) -> list[Entry]:
    entries: list[Entry] = []
    messages = list(page.object_list)
    before, in_use = _tag_before(messages), list(tags_in_use().values_list("name", flat=True))
    for message in messages:
        tags, holding = tags_that_hold(message, known), message.holding
        entries.append(
            Entry(
                message=message,
                bars=_bars(message),
                before=before,
                tags=tags,
                choices=[_choice(tag, pressed=tag in tags) for tag in in_use],
                retired=[tag for tag in tags if tag not in in_use],
                holding=holding,
                earlier=[one for one in message.reviews.all() if one != holding],
                outcome=outcome if outcome and outcome.message == message.pk else None,
            )
        )
        before = message.conversation_tag_id
    return entries


def _choice(tag: str, *, pressed: bool) -> Choice:
    return Choice(tag=tag, label=label(tag), css=css_class(tag), pressed=pressed)


def _tag_before(messages: Sequence[Message]) -> str | None:
    """The conversation's tag when the first of `messages` came."""
    if not messages:
        return None
    first = messages[0]
    earlier = Message.objects.filter(
        conversation=first.conversation_id, position=first.position - 1
    )
    return earlier.values_list("conversation_tag_id", flat=True).first()


def bars(
    probabilities: Mapping[str, float], thresholds: Mapping[str, float], selected: Collection[str]
) -> list[Bar]:
    """Every tag's bar, the likeliest first."""
    return [
        Bar(
            tag=tag,
            css=css_class(tag),
            confidence=confidence,
            threshold=thresholds[tag],
            selected=tag in selected,
        )
        for tag, confidence in ranked(probabilities)
    ]


def _bars(message: Message) -> list[Bar]:
    selected = {tag.tag_id for tag in message.predicted_tags.all()}
    return bars(message.probabilities, message.thresholds, selected)


def _point(entry: Entry) -> chart.Point:
    message = entry.message
    moment = timezone.localtime(message.created_at).strftime("%Y-%m-%d %H:%M")
    remark = " (corrected)" if entry.corrected else " (check)" if message.asks_for_review else ""
    return chart.Point(
        position=message.position,
        title=f"{message.position}, {moment}: {answers.shortened(message.text)} — "
        f"{', '.join(entry.tags) or 'no tag'}{remark}",
        tags=entry.tags,
        before=entry.before,
        after=message.conversation_tag_id,
        corrected=entry.corrected,
        check=message.asks_for_review,
    )
