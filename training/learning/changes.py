"""Reads `NAME=VALUE` changes of a training configuration by the types of its fields."""

import ast
import math
from collections.abc import Callable, Iterable
from typing import Any, get_type_hints

from training.learning.config import TrainingConfig

TRUTHS = {"true": True, "yes": True, "on": True, "1": True}
TRUTHS |= {"false": False, "no": False, "off": False, "0": False}


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
    parse, wanted = PARSERS.get(kind, (str, ""))
    try:
        return parse(text)
    except (ValueError, KeyError, SyntaxError, TypeError):
        raise ValueError(f"{name} must be {wanted}, not {text!r}") from None


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


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
