"""What the admin shows of the thresholds in force, and the form that changes one."""

from dataclasses import dataclass
from typing import Any

from django import forms

from classifier import live, thresholds
from classifier.decision import Row, Source, in_force
from classifier.models import Tag, ThresholdChange
from classifier.thresholds import ThresholdError

ALL_TAGS = "All tags together"
SOURCES: dict[Source, str] = {
    "model": "chosen by the model",
    "global": "set for all tags together",
    "tag": "set for this tag",
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A threshold in force in words; `tag` is empty for the global one."""

    tag: str
    label: str
    threshold: float
    source: str
    set_by_hand: bool
    model_threshold: float


def lines() -> list[Line]:
    """The global threshold first, then the tags of the live model; none without a model."""
    try:
        manifest = live.current().engine.manifest
    except live.NoModel:
        return []
    found = in_force(manifest, thresholds.overrides())
    return [_line(row) for row in (found.overall, *found.tags)]


def _line(row: Row) -> Line:
    return Line(
        tag=row.tag or "",
        label=row.tag or ALL_TAGS,
        threshold=row.threshold,
        source=SOURCES[row.source],
        set_by_hand=row.source == ("tag" if row.tag else "global"),
        model_threshold=row.model_threshold,
    )


class ThresholdForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Set the threshold of a tag, or of all together, or reset it."""

    tag = forms.ModelChoiceField(Tag.objects, required=False, empty_label=ALL_TAGS)
    value = forms.FloatField(
        required=False,
        label="New threshold",
        widget=forms.NumberInput(attrs={"min": 0, "max": 1, "step": "any"}),
        help_text="Between 0 and 1, like 0.6. Higher: fewer, surer tags. "
        "Lower: more tags, more mistakes.",
    )
    reset = forms.BooleanField(
        required=False,
        label="Reset instead",
        help_text="Back to what is set for all tags together, or else to what the model chose.",
    )

    class Meta:
        model = ThresholdChange
        fields = ("tag", "value", "note")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        tag, value = cleaned.get("tag"), cleaned.get("value")
        if "value" in cleaned and (value is None) != cleaned["reset"]:
            raise forms.ValidationError("Give a new threshold or tick the reset, one of the two.")
        try:
            thresholds.check({tag and tag.name: value})
        except ThresholdError as error:
            self.add_error("value", str(error))
        return cleaned
