"""The page at `/` for staff who are signed in: try a message or a conversation, stored nowhere.

Everybody else gets what `beez.home` answers there; the engine's time is not free for all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from beez import home
from classifier import live
from classifier.tags import label
from conversations import history, tagging
from conversations.playground import Tried, play
from conversations.staff import chart, page
from conversations.staff.page import Bar

View = Callable[..., HttpResponseBase]

MOST = 20  # messages of a conversation that are tried at once


class PlaygroundForm(forms.Form):
    text = forms.CharField(
        strip=False,
        label="What a customer writes",
        widget=forms.Textarea(attrs={"rows": 6, "autofocus": True}),
        error_messages={"required": "Write a message first."},
    )
    lines = forms.BooleanField(
        required=False, label="A conversation: each line is a message of its own"
    )

    def clean_text(self) -> str:
        """Line ends as they were typed: browsers send two characters for each."""
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n")
        most = settings.MAX_MESSAGE_LENGTH
        if len(text) > most:
            raise forms.ValidationError(
                f"That is {len(text):,} characters; {most:,} are read at most (MAX_MESSAGE_LENGTH)."
            )
        if not text.strip():
            raise forms.ValidationError("Write a message first.")
        return text

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        text = cleaned.get("text", "")
        messages = [text]
        if cleaned.get("lines"):
            messages = [line for line in text.splitlines() if line.strip()]
        if len(messages) > MOST:
            self.add_error(
                "text", f"That is {len(messages)} messages; {MOST} are tried at once at most."
            )
        return cleaned | {"messages": messages}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A tried message as the template shows it; `doubts` say why a person had better look."""

    tried: Tried
    tags: list[str]
    bars: list[Bar]
    doubts: list[str]

    @property
    def switched(self) -> bool:
        return tagging.is_switch(self.tried.step.previous, self.tried.step.tag)


def for_staff(view: View) -> View:
    """`view`, but for signed-in staff with a browser, who get the playground."""

    @wraps(view)  # its attributes too, which the list of routes and the schema are made from
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        wanted = request.method == "POST" or (
            request.method in ("GET", "HEAD") and home.prefers_page(request)
        )
        if wanted and request.user.is_active and request.user.is_staff:
            return playground(request)
        return view(request, *args, **kwargs)

    return shown


@never_cache
@csrf_protect
def playground(request: HttpRequest) -> HttpResponse:
    form = PlaygroundForm(request.POST if request.method == "POST" else None)
    found: dict[str, Any] = {}
    status = 200
    if form.is_bound and form.is_valid():
        try:
            found = _tried(form.cleaned_data["messages"])
        except live.NoModel as error:
            form.add_error(None, str(error.detail))
            status = error.status_code
    elif form.is_bound:
        status = 400
    context = {**admin.site.each_context(request), "title": "Try a message", "form": form}
    answer = render(request, "playground.html", context | found, status=status)
    patch_vary_headers(answer, ["Accept"])  # others get JSON here
    return answer


def _tried(messages: list[str]) -> dict[str, Any]:
    """Variables of the template. Raises live.NoModel."""
    model = live.current()
    entries = [_entry(tried) for tried in play(messages, model)]
    return {
        "entries": entries,
        "version": model.version_name,
        "chart": len(entries) > 1 and _drawn(entries),
    }


def _entry(tried: Tried) -> Entry:
    found = tried.classification
    tags = [tag for tag, _ in found.selected]
    return Entry(
        tried=tried,
        tags=tags,
        bars=page.bars(found.probabilities, found.thresholds, tags),
        doubts=_doubts(tried),
    )


def _doubts(tried: Tried) -> list[str]:
    found = tried.classification
    doubts = [
        f"It may or may not be {label(tag)}." for tag, _ in found.ranked if tag in found.unsure
    ]
    if found.cut:
        doubts.append("It is longer than Beez reads: the middle was left out.")
    elif found.strange:
        doubts.append("It is unlike anything that Beez has learnt from.")
    return doubts


def _drawn(entries: list[Entry]) -> chart.Chart:
    return chart.draw([_point(one) for one in entries], history.stages(), label=label)


def _point(entry: Entry) -> chart.Point:
    step = entry.tried.step
    return chart.Point(
        position=entry.tried.position,
        title=f"{entry.tried.position}: {', '.join(entry.tags) or 'no tag'}",
        tags=entry.tags,
        before=step.previous,
        after=step.tag,
        check=entry.tried.classification.review,
    )
