"""The staff's first page: the admin's own list of pages, with the overview above it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from beez.status import charts, facts, sentences
from beez.status.agreement import Agreement, TagAgreement
from beez.status.charts import Columns, Whisker
from beez.status.facts import Facts
from beez.status.sentences import Line, State
from beez.status.traffic import Day
from classifier.models import Tag
from classifier.tags import label
from conversations.staff.pills import css_class

# Who may read what a section is about may see the section.
PEOPLE = "conversations.view_conversation"
LIVE = "classifier.view_modelversion"
LEARNING = "training.view_trainingrun"


class StaffSite(admin.AdminSite):
    """Django's admin; its index shows how Beez is doing."""

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        return super().index(request, context(request) | (extra_context or {}))


@dataclass(frozen=True, kw_only=True)
class TagRow:
    """A tag's agreement as pictures and sentences."""

    tag: str
    css: str
    given: Whisker
    given_text: str
    found: Whisker
    found_text: str


@dataclass(frozen=True, kw_only=True)
class Box:
    """Sentences of one matter; `state` is the worst among them."""

    title: str
    state: State
    lines: list[Line]


def context(request: HttpRequest) -> dict[str, Any]:
    """Variables of the template; a section is absent for those who may not see it."""
    found = facts.gather()
    told = sentences.lines(found)
    may = request.user.has_perm
    variables: dict[str, Any] = {"boxes": _boxes(told, request), "whisker": charts.WHISKER}
    if may(PEOPLE):
        variables |= _of_messages(found)
        variables["may_review"] = may("conversations.add_review")
    return variables


def _of_messages(found: Facts) -> dict[str, Any]:
    tags = _tags(found.days or [])
    return {
        "may_read": True,
        "charts": _charts(found.days, tags) if found.days else None,
        "legend": _legend(found.days[-1], tags) if found.days else [],
        "figures": _figures(found.days, tags) if found.days else [],
        "waiting": found.waiting,
        "agreement": found.agreement,
        "agreed": sentences.agreed(found.agreement.messages) if found.agreement else "",
        "which": sentences.which(found.agreement) if found.agreement else "",
        "rows": _rows(found.agreement) if found.agreement else [],
    }


def _tags(days: list[Day]) -> list[str]:
    """By stage: those in use, and those that are retired but were given in these days."""
    given = {tag for day in days for tag in day.tags}
    rows = Tag.objects.values_list("name", "retired_at")
    return [name for name, retired_at in rows if retired_at is None or name in given]


def _legend(today: Day, tags: list[str]) -> list[tuple[str, str, int]]:
    """Each tag, what it is called, and how many messages got it today."""
    return [(tag, label(tag), today.tags.get(tag, 0)) for tag in tags]


def _figures(days: list[Day], tags: list[str]) -> list[dict[str, Any]]:
    """The charts as a table: for each day its messages, its switches and each tag, newest first."""
    return [
        {
            "day": day.day,
            "values": [day.messages, day.switches, *(day.tags.get(tag, 0) for tag in tags)],
        }
        for day in reversed(days)
    ]


def _charts(days: list[Day], tags: list[str]) -> list[Columns]:
    return [charts.messages(days), charts.tags(days, tags), charts.switches(days)]


def _rows(found: Agreement) -> list[TagRow]:
    return [_row(one) for one in found.tags] if found.messages.of else []


def _row(one: TagAgreement) -> TagRow:
    return TagRow(
        tag=one.tag,
        css=css_class(one.tag),
        given=charts.whisker(one.given),
        given_text=sentences.when_given(one, label(one.tag)),
        found=charts.whisker(one.found),
        found_text=sentences.when_it_holds(one, label(one.tag)),
    )


def _boxes(told: list[Line], request: HttpRequest) -> list[Box]:
    may = request.user.has_perm
    boxes = []
    if may(LEARNING):
        boxes.append(_box("Is it learning?", told, "learning"))
    if may(LIVE):
        boxes.append(_box("Which model is live?", told, "live"))
    if may(LEARNING):
        boxes.append(_box("Is everything there?", told, "parts"))
    return [box for box in boxes if box.lines]


def _box(title: str, told: list[Line], topic: str) -> Box:
    lines = [line for line in told if line.topic == topic]
    states = {line.state for line in lines}
    worst: State = (
        "broken" if "broken" in states else "attention" if "attention" in states else "good"
    )
    return Box(title=title, state=worst, lines=lines)
