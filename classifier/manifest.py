"""The fields of a model's manifest, and the rules that their values keep."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from classifier import text

FORMAT = 1
MODEL = "model.onnx"  # the whole network, or what comes before its early exit
DEEPER = "deeper.onnx"  # what comes behind the early exit, where there is one
TOKENIZER = "tokenizer.json"

# Probabilities [low, high) at which too few decisions are right for nobody to look.
Band = tuple[float, float]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class EarlyExit:
    """Where a message ends before DEEPER, unless a tag's probability there lies in the band.

    A tag's probability is sigmoid(logit / temperature) there too.
    """

    temperatures: dict[str, float]
    band: Band


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What `manifest.json` says. A tag's probability is sigmoid(logit / temperature)."""

    name: str
    created_at: str
    base_model: str
    tags: tuple[str, ...]
    threshold: float
    thresholds: dict[str, float]
    temperatures: dict[str, float]
    max_length: int
    precision: Literal["int8", "float32"]
    precision_reason: str
    dataset_digest: str
    metrics: dict[str, Any]
    config: dict[str, Any]
    text_cleaning: int = 0  # the VERSION of classifier/text.py that it learnt with; 0: none
    text_prefix: str = ""  # what stands before every text
    review_band: Band | None = None  # found on held-out messages; None: not measured
    early_exit: EarlyExit | None = None  # None: every message goes through MODEL, which is all
    format: int = FORMAT
    files: dict[str, str] = field(default_factory=dict)

    @property
    def graphs(self) -> tuple[str, ...]:
        """The files of the network, in the order in which a message goes through them."""
        return (MODEL,) if self.early_exit is None else (MODEL, DEEPER)


def problems(manifest: Manifest) -> Iterator[str]:
    """What is wrong with the values, a clause each; nothing when they are right."""
    if manifest.format != FORMAT:
        yield f"its format is {manifest.format!r}, and this version of Beez reads {FORMAT}"
    if not _is_name(manifest.name):
        yield f"{manifest.name!r} cannot be the name of a folder"
    if not manifest.tags or not all(isinstance(tag, str) and tag for tag in manifest.tags):
        yield "tags must be one or more names"
    elif len(set(manifest.tags)) != len(manifest.tags):
        yield "a tag stands in tags twice"
    else:
        yield from _value_problems(manifest)
    if not isinstance(manifest.max_length, int) or manifest.max_length < 1:
        yield "max_length must be a whole number above 0"
    if manifest.precision not in ("int8", "float32"):
        yield f"precision {manifest.precision!r} is neither int8 nor float32"
    if manifest.text_cleaning not in range(text.VERSION + 1):
        yield (
            f"its text_cleaning is {manifest.text_cleaning!r}, and this version of Beez knows "
            f"0 to {text.VERSION}"
        )
    for kind in ("base_model", "created_at", "dataset_digest", "text_prefix"):
        if not isinstance(getattr(manifest, kind), str):
            yield f"{kind} must be text"
    yield from _file_problems(manifest)


def _value_problems(manifest: Manifest) -> Iterator[str]:
    if not _is_number(manifest.threshold, 0, 1):
        yield "threshold must be a number from 0 to 1"
    tags = set(manifest.tags)
    yield from _number_problems("thresholds", manifest.thresholds, tags, low=0, high=1)
    yield from _number_problems("temperatures", manifest.temperatures, tags)
    if manifest.review_band is not None and not _is_band(manifest.review_band):
        yield "review_band must be two numbers from 0 to 1, the lower one first"
    if early := manifest.early_exit:
        yield from _number_problems("early_exit's temperatures", early.temperatures, tags)
        if not _is_band(early.band):
            yield "early_exit's band must be two numbers from 0 to 1, the lower one first"


def _number_problems(
    kind: str, values: Any, tags: set[str], *, low: float = 1e-6, high: float = 1e6
) -> Iterator[str]:
    if not isinstance(values, dict) or set(values) != tags:
        yield f"{kind} must name exactly the tags"
    elif not all(_is_number(value, low, high) for value in values.values()):
        yield f"{kind} must be numbers from {low} to {high}"


def _file_problems(manifest: Manifest) -> Iterator[str]:
    files: Any = manifest.files  # as read, whatever it is
    if not isinstance(files, dict):
        yield "files must map names to sha256"
        return
    needed = (*manifest.graphs, TOKENIZER)
    yield from (f"{name} is missing" for name in needed if name not in files)
    for name in files:
        if not _is_name(name):
            yield f"{name!r} cannot be the name of a file"


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _is_band(value: Any) -> bool:
    pair = isinstance(value, tuple) and len(value) == 2
    return pair and all(_is_number(end, 0, 1) for end in value) and value[0] <= value[1]


def _is_number(value: Any, low: float, high: float) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and low <= value <= high
