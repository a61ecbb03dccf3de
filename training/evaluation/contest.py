"""Brings two registered versions and the messages together that `comparison` compares them on.

Both answer as they would serve, with the thresholds that people have set. Messages that the live
version has learnt from, or near duplicates of such, are left out. Where its data set is gone, what
remains is its test split, if that is there, and reviews written after its training.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from classifier import registry, thresholds
from classifier.decision import Overrides, in_force
from classifier.models import ModelVersion
from classifier.registry import RegistryError
from conversations.models import Review
from training.datasets import near_duplicates, stored
from training.datasets.records import Example
from training.evaluation import comparison
from training.evaluation.comparison import Item, Messages, Report, Served


class ContestError(Exception):
    """A version cannot be compared; the message says why and what to do."""


def compare(
    *,
    challenger: ModelVersion,
    champion: ModelVersion,
    hold_out: Sequence[Example],
    before: Sequence[Example],
    stream: Sequence[Example],
    learnt: Sequence[Example],
    untagged_share: float,
) -> Report:
    """The report on the two. `hold_out`: the challenger's test split in the order of its file,
    `before`: the champion's, `learnt`: what the challenger learnt from. ContestError."""
    known = stored.splits_by_digest(champion.dataset_digest, "train", "validation")
    written = _reviews([*hold_out, *before, *stream, *learnt])
    since = _prepared_at(champion)
    later = {number for number, one in written.items() if one.created_at > since}
    stood = {example.message for example in before}
    held = [_items(hold_out, challenger.dataset_digest), _items(stream)]
    unseen = _unseen(held, known, stood=stood, later=later)
    overrides = thresholds.overrides()
    return comparison.compare(
        challenger=_served(challenger, overrides),
        champion=_served(champion, overrides),
        messages=Messages(
            hold_out=unseen[0],
            before=_items(before, champion.dataset_digest),
            stream=unseen[1],
            reviews=_since(later, [*learnt, *hold_out, *stream]),
            reviewers={number: one.actor for number, one in written.items()},
            left_out=sum(map(len, held)) - sum(map(len, unseen)),
        ),
        untagged_share=untagged_share,
    )


def _prepared_at(version: ModelVersion) -> datetime:
    """Reviews that were written later cannot be among what the version has learnt from."""
    dataset = stored.by_digest(version.dataset_digest)
    return dataset.created_at if dataset else version.created_at


def _items(examples: Sequence[Example], dataset: str = "") -> list[Item]:
    return [Item(example=example, dataset=dataset, line=example.line) for example in examples]


def _unseen(
    held: Sequence[Sequence[Item]],
    known: Sequence[Example] | None,
    *,
    stood: set[str],
    later: set[int],
) -> list[list[Item]]:
    """Those of each list that the champion has certainly not learnt from: its own test split
    `stood`, reviews written `later`, and what is not near anything `known`."""
    if known is None:
        return [
            [i for i in items if i.example.message in stood or i.example.review in later]
            for items in held
        ]
    texts = [item.example.message for items in held for item in items]
    if not texts or not known:
        return [list(items) for items in held]
    near = near_duplicates.near(texts, [example.message for example in known])
    seen = {text for text, is_near in zip(texts, near, strict=True) if is_near} - stood
    return [[item for item in items if item.example.message not in seen] for items in held]


def _reviews(examples: Sequence[Example]) -> Mapping[int, Review]:
    numbers = {example.review for example in examples if example.review is not None}
    return Review.objects.only("actor", "created_at").in_bulk(numbers)


def _since(later: set[int], examples: Sequence[Example]) -> list[Example]:
    """Each of the reviews `later` once."""
    return list({e.review: e for e in examples if e.review in later}.values())


def _served(version: ModelVersion, overrides: Overrides) -> Served:
    try:
        engine = registry.load(version)
    except RegistryError as error:
        raise ContestError(
            f"version {version} cannot be compared: {error} Restore its folder, or activate "
            "another version, and train again."
        ) from error
    return Served(
        name=version.name,
        tags=engine.manifest.tags,
        thresholds=in_force(engine.manifest, overrides).thresholds,
        probabilities=cache(lambda text: engine.classify(text).probabilities),
    )
