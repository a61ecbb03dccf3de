"""The filters beside the staff's list of conversations, on the conditions of the API's list."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db.models import Exists, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from classifier.models import Tag
from conversations import conditions
from conversations.models import Conversation

Conversations = QuerySet[Conversation]


class YesNoFilter(admin.SimpleListFilter):
    """A condition that holds or does not."""

    yes: ClassVar[str]
    no: ClassVar[str]

    def condition(self) -> Q | Exists:
        raise NotImplementedError

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        return [("yes", self.yes), ("no", self.no)]

    def queryset(self, request: HttpRequest, queryset: Conversations) -> Conversations:
        if self.value() in {"yes", "no"}:
            condition = self.condition()
            return queryset.filter(condition if self.value() == "yes" else ~condition)
        return queryset


class ToCheckFilter(YesNoFilter):
    title, parameter_name = "what is to check", "review"
    yes, no = "To check: the model is unsure", "Nothing to check"

    def condition(self) -> Exists:
        return conditions.asks_for_review()


class ReviewedFilter(YesNoFilter):
    title, parameter_name = "review", "reviewed"
    yes, no = "Somebody reviewed a message", "Nobody has"

    def condition(self) -> Exists:
        return conditions.reviewed()


class CorrectedFilter(YesNoFilter):
    title, parameter_name = "correction", "corrected"
    yes, no = "Corrected: the model was wrong", "Nothing corrected"

    def condition(self) -> Q:
        return conditions.corrected()


class CurrentTagFilter(admin.RelatedFieldListFilter):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.title, self.empty_value_display = "current tag", SafeString("no tag")


class SwitchedFilter(admin.SimpleListFilter):
    title, parameter_name = "last switch", "switched"
    DAYS: ClassVar = {"today": 0, "7": 7, "30": 30}

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        return [
            ("today", "Today"),
            ("7", "In the past 7 days"),
            ("30", "In the past 30 days"),
            ("yes", "At any time"),
            ("no", "Never switched"),
        ]

    def queryset(self, request: HttpRequest, queryset: Conversations) -> Conversations:
        value = self.value()
        if value in self.DAYS:
            since = timezone.localdate() - timedelta(days=self.DAYS[value])
            return queryset.filter(last_switch_at__gte=_midnight(since))
        if value in {"yes", "no"}:
            return queryset.filter(last_switch_at__isnull=value == "no")
        return queryset


class FormFilter(admin.ListFilter):
    """A filter of several values, filled in by a form; what is wrong is told there."""

    template = "admin/conversations/conversation/form_filter.html"
    form: type[forms.Form]

    def __init__(
        self,
        request: HttpRequest,
        params: dict[str, Any],
        model: type[Conversation],
        model_admin: "admin.ModelAdmin[Any]",
    ) -> None:
        super().__init__(request, params, model, model_admin)
        own = [name for name in self.form.base_fields if name in params]
        self.used_parameters = {name: params.pop(name)[-1] for name in own}
        self.filled = self.form(self.used_parameters or None, auto_id="filter_%s")

    def narrow(self, queryset: Conversations, values: dict[str, Any]) -> Conversations:
        raise NotImplementedError

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.form.base_fields)

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        """One: the form, the other parameters of the page, and the page without this filter."""
        own = list(self.form.base_fields)
        others = {k: v for k, v in changelist.params.items() if k not in {*own, PAGE_VAR}}
        yield {
            "form": self.filled,
            "others": others,
            "clear": changelist.get_query_string(remove=own) if self.used_parameters else None,
        }

    def queryset(self, request: HttpRequest, queryset: Conversations) -> Conversations:
        if not self.filled.is_bound:
            return queryset
        if not self.filled.is_valid():
            return queryset.none()
        return self.narrow(queryset, self.filled.cleaned_data)


def _later_choices() -> list[tuple[str, str]]:
    tags = [(tag.name, str(tag)) for tag in Tag.objects.all()]
    return [("", "anything"), *tags, (conditions.NO_TAG, "no tag")]


class SequenceForm(forms.Form):
    was = forms.ModelChoiceField(
        Tag.objects,
        empty_label="choose a tag",
        label="Was",
        error_messages={"required": "Choose the tag that it was."},
    )
    later = forms.ChoiceField(choices=_later_choices, required=False, label="and later")


class SequenceFilter(FormFilter):
    """Had a tag, and another one, or none, at a later message."""

    title = "sequence of tags"
    form = SequenceForm

    def narrow(self, queryset: Conversations, values: dict[str, Any]) -> Conversations:
        return queryset.filter(conditions.sequence(values["was"].name, values["later"]))


class UpdatedForm(forms.Form):
    since = forms.DateField(
        required=False, label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        required=False, label="To", widget=forms.DateInput(attrs={"type": "date"})
    )


class UpdatedFilter(FormFilter):
    """Updated on one of these days, both counted in full."""

    title = "last update"
    form = UpdatedForm

    def narrow(self, queryset: Conversations, values: dict[str, Any]) -> Conversations:
        within = Q()
        if values["since"]:
            within &= Q(updated_at__gte=_midnight(values["since"]))
        if values["until"]:
            within &= Q(updated_at__lt=_midnight(values["until"] + timedelta(days=1)))
        return queryset.filter(within)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
