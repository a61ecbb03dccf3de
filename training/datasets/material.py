"""What a training works with: the splits of its data set, and what is live meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass

from classifier import registry
from classifier.models import ModelVersion
from training.datasets import near_duplicates, stored
from training.datasets.duplicates import normalise
from training.datasets.gathering import DatasetError
from training.datasets.records import Example
from training.models import Dataset


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a training works with: the messages of each split, and what is live meanwhile."""

    dataset: Dataset
    tags: list[str]  # in the order of the model's outputs
    train: list[Example]
    validation: list[Example]
    test: list[Example]
    stream: list[Example]  # reviewed messages of the random tenth; often empty
    live: ModelVersion | None  # the version to compare with, if any
    live_test: list[Example]  # the live version's own test split; empty when it is gone
    kept_apart: str = ""  # how many messages are not learnt from for its sake; empty: none


def gather(dataset: Dataset, *, compare: bool) -> Material:
    """Load the splits. What the live version will be compared on is learnt from in no way."""
    live = registry.live_version() if compare else None
    live_test = _test_split_of(live)
    test, stream = (stored.load_split(dataset, split) for split in ("test", "stream"))
    gone = _not_among(live_test, [*test, *stream])
    splits = [stored.load_split(dataset, split) for split in ("train", "validation")]
    train, validation = (apart_from(gone, examples) for examples in splits)
    apart = sum(map(len, splits)) - len(train) - len(validation)
    if len(train) + len(validation) < 2:
        raise DatasetError(
            f"data set {dataset}: nothing is left to learn from, for the live version's test "
            "messages are kept apart; add messages, or train without --if-not-worse"
        )
    return Material(
        dataset=dataset,
        tags=list(stored.load_tags(dataset)),
        train=train,
        validation=validation,
        test=test,
        stream=stream,
        live=live,
        live_test=live_test,
        kept_apart=_told_apart(apart, of=sum(map(len, splits))),
    )


def _not_among(examples: Sequence[Example], others: Sequence[Example]) -> list[Example]:
    """Those of the live version's test split that stand in the data set no more. The others are
    held out with all that is like them; of these the data set can know the text alone."""
    texts = {normalise(example.message) for example in others}
    return [example for example in examples if normalise(example.message) not in texts]


def apart_from(barred: Sequence[Example], examples: list[Example]) -> list[Example]:
    """Those of `examples` that are neither the same as one of `barred` nor nearly so."""
    if not barred or not examples:
        return examples
    near = near_duplicates.near(
        [example.message for example in examples], [example.message for example in barred]
    )
    return [example for example, is_near in zip(examples, near, strict=True) if not is_near]


def _told_apart(apart: int, *, of: int) -> str:
    if not apart:
        return ""
    return (
        f"{apart} of {of} messages were not learnt from: they are like messages of the live "
        "version's test split, and both versions are compared on that."
    )


def _test_split_of(version: ModelVersion | None) -> list[Example]:
    """The test split of the data set that `version` was trained on; empty if it is gone."""
    return (version and stored.splits_by_digest(version.dataset_digest, "test")) or []
