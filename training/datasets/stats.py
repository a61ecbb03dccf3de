"""What `stats.json` says about the content of a data set: counts, lengths, tags that go together.

Equal content gives equal figures; what was wrong with the input is added in `dataset`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean, median
from typing import Any

from training.datasets.reading import Example
from training.datasets.splitting import STREAM

NO_TAG = "none"
Splits = Mapping[str, Sequence[Example]]


def describe(splits: Splits, tags: Sequence[str]) -> dict[str, Any]:
    """Figures of the splits for `tags`; lengths are in characters."""
    examples = [example for some in splits.values() for example in some]
    lengths = [len(example.message) for example in examples]
    cardinality = Counter(len(example.tags) for example in examples)
    groups = sorted({example.group for example in examples if example.group})
    return {
        "sizes": {split: len(some) for split, some in splits.items()},
        "per_tag": _by_split(splits, [*tags, NO_TAG], _tags_or_none),
        "unknown": _unknown(splits, tags),
        "groups": _by_split(splits, groups, lambda example: [example.group or ""]),
        "lengths": {
            "shortest": min(lengths),
            "median": median(lengths),
            "mean": round(mean(lengths), 1),
            "longest": max(lengths),
        },
        "average_tags": round(mean(len(example.tags) for example in examples), 3),
        "messages_by_number_of_tags": {str(n): cardinality[n] for n in sorted(cardinality)},
        "co_occurrence": {"tags": list(tags), "matrix": _co_occurrence(examples, tags)},
    }


def warnings(per_tag: Mapping[str, Mapping[str, int]], known_tags: Sequence[str]) -> list[str]:
    """A sentence for each tag that a split, or the whole data set, has no example of."""
    sentences = [
        f"{tag} has no example and is left out" for tag in known_tags if tag not in per_tag
    ]
    untagged = sum(per_tag.get(NO_TAG, {}).values())
    if not untagged:
        sentences.append(
            "every message carries a tag, so the model cannot learn when none holds and will tag "
            "everything; add messages without a tag (in a shop most carry none)"
        )
    for tag, counts in per_tag.items():
        if tag == NO_TAG and not untagged:
            continue
        if missing := [s for s, count in counts.items() if not count and s != STREAM]:
            sentences.append(f"{tag} has no example in {' and '.join(missing)}")
    return sentences


def labels(example: Example) -> list[str]:
    """What a split is stratified by: tags, or that there is none, and the targeted group."""
    return [*_tags_or_none(example), *([f"group {example.group}"] if example.group else [])]


def _tags_or_none(example: Example) -> Sequence[str]:
    return example.tags or (NO_TAG,)


def _unknown(splits: Splits, tags: Sequence[str]) -> dict[str, dict[str, int]]:
    """Messages that were not labelled for a tag, for the tags that have such."""
    counts = _by_split(splits, tags, lambda example: example.unknown)
    return {tag: row for tag, row in counts.items() if any(row.values())}


def _by_split(
    splits: Splits, names: Iterable[str], of: Callable[[Example], Sequence[str]]
) -> dict[str, dict[str, int]]:
    """Messages for each name and split."""
    counts = {split: Counter(n for e in some for n in of(e)) for split, some in splits.items()}
    return {name: {split: count[name] for split, count in counts.items()} for name in names}


def _co_occurrence(examples: Sequence[Example], tags: Sequence[str]) -> list[list[int]]:
    """Messages with both tags, [tags, tags]; the diagonal counts those with the tag."""
    pairs = Counter((a, b) for example in examples for a in example.tags for b in example.tags)
    return [[pairs[a, b] for b in tags] for a in tags]
