"""Which configuration a training has: that of the settings, with changes `NAME=VALUE`."""

import ast
import math
from collections.abc import Callable, Iterable
from typing import Any, get_type_hints

from django.conf import settings

from training.learning.config import PRESETS, TrainingConfig

TRUTHS = {"true": True, "yes": True, "on": True, "1": True}
TRUTHS |= {"false": False, "no": False, "off": False, "0": False}


def configured(
    *, preset: str | None = None, base_model: str | None = None, changes: Iterable[str] = ()
) -> TrainingConfig:
    """What the settings say, or a `preset` or `base_model` in their place, with TRAINING_CHANGES
    and then `changes` on top. ValueError or TypeError for a change that makes no sense."""
    general = {
        "base_model": base_model or settings.BASE_MODEL,
        "untagged_share": settings.UNTAGGED_SHARE,
    }
    changed = read([*settings.TRAINING_CHANGES, *changes])
    return PRESETS[preset or settings.TRAINING_PRESET].with_changes(**general | changed)


def read(changes: Iterable[str]) -> dict[str, Any]:
    """Values by name; ValueError says which change is none, names nothing, or has no such value."""
    types = get_type_hints(TrainingConfig)
    found = {}
    for change in changes:
        name, equals, text = (part.strip() for part in change.partition("="))
        if not equals:
            raise ValueError(f"{change!r} is not NAME=VALUE, such as epochs=5")
        if name not in types:
            raise ValueError(f"unknown setting {name!r}; there are {', '.join(types)}")
        found[name] = _value(name, text, types[name])
    return found


def _value(name: str, text: str, kind: Any) -> Any:
    parse, wanted = PARSERS.get(kind, (_text, ""))
    try:
        return parse(text)
    except (ValueError, KeyError, SyntaxError, TypeError):
        raise ValueError(f"{name} must be {wanted}, not {text!r}") from None


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _text(text: str) -> str:
    """Quotes around keep blanks at the ends, and are no part of it."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def _three_numbers(text: str) -> tuple[float, float, float]:
    low, high, step = ast.literal_eval(text)
    return float(low), float(high), float(step)


Parser = tuple[Callable[[str], Any], str]
# A field of any other type, such as a Literal, takes the text; TrainingConfig checks it.
PARSERS: dict[Any, Parser] = {
    bool: (lambda text: TRUTHS[text.lower()], "true or false"),
    int: (int, "a whole number"),
    float: (_number, "a number"),
    tuple[float, float, float]: (_three_numbers, "three numbers: lowest, highest, step"),
}
