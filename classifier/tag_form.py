"""The rules of a tag's row, for the staff pages and for files of tags (`tag_loading`)."""

from typing import Any

from django import forms
from django.utils import timezone

from beez.api.names import why_not_a_name
from classifier.models import LABEL_LENGTH, Tag
from classifier.tags import names, why_not_a_tag


class TagForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A new tag, or what may change of one: models and history know it by its name."""

    retired = forms.BooleanField(
        required=False,
        help_text="Nobody gives the tag any more, and the next training leaves it out. "
        "What carries it stays readable.",
    )

    class Meta:
        model = Tag
        fields = ("name", "label", "description", "stage")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields.pop("name", None)
        self.initial["retired"] = self.instance.retired_at is not None

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if wrong := why_not_a_tag(name, others=names()):
            raise forms.ValidationError(wrong)
        return name

    def clean_label(self) -> str:
        shown: str = self.cleaned_data["label"]
        is_new = "label" in self.changed_data  # an odd one of before stays
        if shown and is_new and (wrong := why_not_a_name(shown, longest=LABEL_LENGTH)):
            raise forms.ValidationError(wrong)
        return shown

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data["retired"] != (self.instance.retired_at is not None):
            self.instance.retired_at = timezone.now() if self.cleaned_data["retired"] else None
        return super().save(commit)
