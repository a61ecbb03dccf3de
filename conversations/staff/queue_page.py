"""The page of the review queue: a message at a time, answered by a form or by keys.

A form's answer leads to the next message. A script that asks for it (`X-Requested-With: fetch`)
gets the next card in the same answer, so that a message costs one round trip.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from classifier.tags import in_use as tags_in_use
from conversations import queue
from conversations.models import Claim, Conversation, Message, Review
from conversations.reviewing import ReviewedMeanwhileError, UnknownTagsError, WithdrawnError
from conversations.staff import queue_steps
from conversations.staff.pills import css_class
from conversations.staff.review_doors import may_review

BEFORE = 2  # messages shown above the one in question
KEYS = 9  # tags that have a number key
ERASED = "That conversation has been erased meanwhile. Here is the next message."
NOTHING_DONE = "There is nothing to undo: you have reviewed and skipped nothing today."


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A tag as a button; `key` is the number that toggles it, if there is one left."""

    tag: str
    label: str
    description: str
    css: str
    key: int | None
    on: bool


@dataclass(frozen=True, kw_only=True)
class Card:
    """A message to review, what came before it, and another person's review, if one holds."""

    message: Message
    before: list[Message]
    tag_before: str | None
    choices: list[Choice]
    other: Review | None


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    if not may_review(request):
        raise PermissionDenied
    actor = request.user.get_username()
    if request.method == "GET":
        return _show(request, queue.draw(actor))
    match request.POST.get("do"):
        case "undo":
            return _undo(request, actor)
        case "skip" | "save" as step:
            return _answer(request, actor, step)
    messages.error(request, "Save, skip or undo: nothing else can be asked of this page.")
    return _next(request, actor)


def _answer(request: HttpRequest, actor: str, step: str) -> HttpResponse:
    claim = _claim(request.POST.get("message", ""))
    tags = request.POST.getlist("tags")
    try:
        if claim is None:
            messages.warning(request, ERASED)
        elif step == "skip":
            queue_steps.skip(claim, actor=actor)
        else:
            queue_steps.save(
                claim, tags=tags, actor=actor, seen=_number(request.POST.get("seen")) or 0
            )
    except Conversation.DoesNotExist:
        messages.warning(request, ERASED)
    except (ReviewedMeanwhileError, UnknownTagsError) as error:
        messages.warning(request, f"{error} Nothing was saved.")
        return _show(request, claim, tags=tags, status=HTTPStatus.CONFLICT)
    return _next(request, actor)


def _undo(request: HttpRequest, actor: str) -> HttpResponse:
    try:
        undone = queue_steps.undo(actor)
    except (WithdrawnError, Conversation.DoesNotExist):
        undone = None
    if undone is None:
        messages.info(request, NOTHING_DONE)
        return _next(request, actor)
    claim = queue.draw(actor)
    if claim is None or claim.message_id != undone.pk:
        messages.info(request, "Taken back. Somebody else has that message now.")
    return _next(request, actor)


def _next(request: HttpRequest, actor: str) -> HttpResponse:
    if _is_fetch(request):
        return _show(request, queue.draw(actor))
    return HttpResponseRedirect(reverse("review"))


def _show(
    request: HttpRequest,
    claim: Claim | None,
    *,
    tags: Collection[str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    """The page, or its card alone; `tags` are those that stand chosen, if not the usual ones."""
    actor = request.user.get_username()
    context: dict[str, Any] = {
        "card": card(claim.message, actor=actor, tags=tags) if claim else None,
        "progress": queue.progress(actor),
    }
    if _is_fetch(request):
        return TemplateResponse(
            request, "admin/conversations/review/card.html", context, status=status
        )
    context |= admin.site.each_context(request)
    context |= {"title": "Review", "is_nav_sidebar_enabled": False}
    return TemplateResponse(request, "admin/conversations/review/page.html", context, status=status)


def card(message: Message, *, actor: str, tags: Collection[str] | None = None) -> Card:
    earlier = message.conversation.messages.filter(position__lt=message.position)
    before = list(earlier.order_by("-position")[:BEFORE])[::-1]
    return Card(
        message=message,
        before=before,
        tag_before=before[-1].conversation_tag_id if before else None,
        choices=_choices(_preset(message, actor) if tags is None else tags),
        other=message.holding,
    )


def _preset(message: Message, actor: str) -> Sequence[str]:
    """What the person said and took back, else what the model said."""
    undone = message.reviews.filter(actor=actor, withdrawn_by=actor).first()
    if undone is not None:
        return list(undone.tags)
    return list(message.predicted_tags.values_list("tag_id", flat=True))


def _choices(on: Collection[str]) -> list[Choice]:
    return [
        Choice(
            tag=tag.name,
            label=str(tag),
            description=tag.description,
            css=css_class(tag.name),
            key=number if number <= KEYS else None,
            on=tag.name in on,
        )
        for number, tag in enumerate(tags_in_use(), start=1)
    ]


def _claim(message: str) -> Claim | None:
    """None for a message that is not there any more, or that the queue never showed."""
    number = _number(message)
    if number is None:
        return None
    shown = Claim.objects.filter(message=number)
    return shown.select_related("message__conversation").first()


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else None


def _is_fetch(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"
