"""The form of a tag in the staff pages."""

import re
from typing import Any

from django import forms
from django.utils import timezone

from classifier.models import Tag

_SEPARATORS = re.compile(r"[;|,\n\r\t]")
_SAYS_NONE = {"none", "-", "–", "no tag"}


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
        self.initial["retired"] = self.instance.retired_at is not None

    def clean_name(self) -> str:
        """Names that a file of labelled messages can carry."""
        name: str = self.cleaned_data["name"].strip()
        if _SEPARATORS.search(name):
            raise forms.ValidationError("A name has no comma, ; or |, which part tags in files.")
        if name.casefold() in _SAYS_NONE:
            raise forms.ValidationError(f"{name!r} says in files that a message has no tag.")
        return name

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data["retired"] != (self.instance.retired_at is not None):
            self.instance.retired_at = timezone.now() if self.cleaned_data["retired"] else None
        return super().save(commit)
