"""Reviews where a conversation is read: a click on its page becomes a review, or a sentence.

Every button posts a form and is led back to its message; what came of it waits in the session
until that page is shown. `static/conversations/review.js` sends the same forms without leaving.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from classifier.tags import in_use as tags_in_use
from classifier.tags import label
from conversations import listing, reviewing
from conversations.models import Conversation, Message
from conversations.staff import page
from conversations.staff.page import Outcome

OUTCOME = "review_outcome"
NOTE_LENGTH = 500
REFUSALS = (
    reviewing.UnknownTagsError,
    reviewing.ReviewedMeanwhileError,
    reviewing.WithdrawnError,
)


class Click(forms.Form):
    """What a button of `review.html` posts: `toggle` with a tag's name, or else `act`."""

    toggle = forms.CharField(required=False, strip=False)
    act = forms.ChoiceField(
        required=False, choices=[(act, act) for act in ("confirm", "none", "withdraw")]
    )
    seen = forms.IntegerField(min_value=0)
    note = forms.CharField(required=False, max_length=NOTE_LENGTH)

    def clean(self) -> dict[str, Any]:
        if bool(self.cleaned_data.get("toggle")) == bool(self.cleaned_data.get("act")):
            raise forms.ValidationError("Exactly one button.")
        return self.cleaned_data

    @property
    def refusal(self) -> str:
        """A sentence on what is wrong with a click that is not valid."""
        if "note" in self.errors and len(self.errors) == 1:
            return f"A note has at most {NOTE_LENGTH} characters."
        return "This click could not be read. Load the page again."


def may_review(request: HttpRequest) -> bool:
    return request.user.has_perms(["conversations.view_conversation", "conversations.add_review"])


@require_POST
def review(request: HttpRequest, pk: int, position: int) -> HttpResponse:
    """Take a click on the page of conversation `pk`, and lead back to its message."""
    back = page.address(pk, position)
    if not admin.site.has_permission(request):
        return redirect_to_login(back, reverse("admin:login"))
    if not may_review(request):
        raise PermissionDenied
    message = get_object_or_404(listing.messages(), conversation=pk, position=position)
    outcome = _outcome(message, request.POST, actor=request.user.get_username())
    request.session[OUTCOME] = asdict(outcome)
    return redirect(back)


def outcome(request: HttpRequest) -> Outcome | None:
    """What came of the last click, told once."""
    told = request.session.pop(OUTCOME, None)
    return Outcome(**told) if told else None


def _outcome(message: Message, posted: Mapping[str, Any], *, actor: str) -> Outcome:
    click = Click(posted)
    try:
        if click.is_valid():
            sentence = _save(message, actor=actor, **click.cleaned_data)
            return Outcome(message=message.pk, sentence=sentence, saved=True)
        refusal = click.refusal
    except REFUSALS as error:
        refusal = str(error)
    except Conversation.DoesNotExist as error:  # erased meanwhile
        raise Http404 from error
    return Outcome(
        message=message.pk,
        sentence=f"{refusal} Your click was not saved.",
        saved=False,
        note=posted.get("note", "")[:NOTE_LENGTH],
    )


def _save(message: Message, *, toggle: str, act: str, seen: int, note: str, actor: str) -> str:
    """A sentence on what was saved."""
    holding = message.holding
    reviewing.refuse_unseen(holding, seen)
    if act == "withdraw":
        if holding is None:
            raise reviewing.WithdrawnError("There is nothing to take back.")
        reviewing.withdraw(review=holding, actor=actor)
        return "Taken back."
    in_use = set(tags_in_use().values_list("name", flat=True))
    tags = [] if act == "none" else page.tags_that_hold(message, in_use)
    if toggle:
        tags = [tag for tag in tags if tag != toggle] if toggle in tags else [*tags, toggle]
    reviewing.record(message=message, tags=tags, actor=actor, note=note, seen=seen)
    return f"Saved: {', '.join(map(label, tags)) or 'no tag'}."
