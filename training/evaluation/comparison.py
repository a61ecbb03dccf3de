"""Compares a new version with the live one on the same messages, both as they would serve.

What comes of it is a JSON-able report, which `training.runs.gate` reads and which stays for ever.
It names messages by their places and holds no text, so that an erasure leaves none behind.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from training.datasets.records import Example
from training.decision import metrics, paired, stream
from training.decision.metrics import Flags, Floats
from training.evaluation import contradictions, quality

FORMAT = 1
LISTED = 300  # messages that a report names; the others are counted
Report = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Served:
    """A version as it would serve: its probabilities for a text, and the thresholds in force."""

    name: str
    tags: Sequence[str]
    thresholds: Mapping[str, float]
    probabilities: Callable[[str], Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Item:
    """A message to compare on, and where it is found again: a review, or a line of a test split."""

    example: Example
    dataset: str = ""  # digest of the data set
    line: int = 0  # of its test split, from 1

    @property
    def place(self) -> str:
        if self.example.review is not None:
            return f"reviews:{self.example.review}"
        return f"test.jsonl:{self.line} of {self.dataset[:12]}"


@dataclass(frozen=True, kw_only=True)
class Messages:
    """What neither version has learnt from.

    `hold_out`: the new version's test split. `before`: the live version's, with the labels that it
    had then. `stream`: the random tenth of real messages, reviewed. `reviews`: reviews that came
    since the live version was trained, wherever they stand. `left_out`: messages that cannot be
    compared on, for the live version has learnt from them or nobody can tell.
    """

    hold_out: Sequence[Item]
    before: Sequence[Item]
    stream: Sequence[Item]
    reviews: Sequence[Example] = ()
    reviewers: Mapping[int, str] = field(default_factory=dict)
    left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class _Answers:
    """Messages, what holds for them, and what both versions say, over the tags that both know."""

    items: Sequence[Item]
    gold: Flags
    challenger: Flags
    champion: Flags

    def where(self, keep: Sequence[bool]) -> "_Answers":
        rows = np.array(keep, dtype=bool)
        return _Answers(
            items=[item for item, kept in zip(self.items, keep, strict=True) if kept],
            gold=self.gold[rows],
            challenger=self.challenger[rows],
            champion=self.champion[rows],
        )


def compare(
    *, challenger: Served, champion: Served, messages: Messages, untagged_share: float
) -> Report:
    """The report. `untagged_share`: share of a shop's messages that carry no tag."""
    both = [tag for tag in champion.tags if tag in challenger.tags]
    hold_out, before, real = (
        _answers(items, challenger, champion, both)
        for items in (messages.hold_out, messages.before, messages.stream)
    )
    every = _answers(
        [*messages.hold_out, *_others(messages.before, messages.hold_out), *messages.stream],
        challenger,
        champion,
        both,
    )
    parts = [
        _part("hold_out", hold_out, both, untagged_share=untagged_share, judged=True),
        _part("before", before, both, untagged_share=untagged_share, judged=True),
        _part("stream", real, both, judged=True),
        _part("hold_out_plain", hold_out, both),
        *_by_origin(every, both, messages.reviewers),
    ]
    return {
        "format": FORMAT,
        "challenger": challenger.name,
        "champion": champion.name,
        "tags": both,
        "untagged_share": untagged_share,
        "draws": paired.DRAWS,
        "left_out": messages.left_out,
        "parts": [part for part in parts if part["messages"]],
        "undecidable": _undecidable(parts, every, both),
        "only_challenger": _apart(challenger, messages.hold_out, both),
        "only_champion": _apart(champion, messages.before, both),
        "lost": _lost(every, both),
        "contradictions": contradictions.find(
            messages.reviews,
            [_only(champion.probabilities(e.message), both) for e in messages.reviews],
            reviewers=messages.reviewers,
        ),
    }


def _part(
    name: str,
    answers: _Answers,
    tags: Sequence[str],
    *,
    untagged_share: float | None = None,
    judged: bool = False,
) -> Report:
    """The differences on some of the messages; with `untagged_share` weighed to be a stream.

    What is judged decides whether the version may go live, the others explain it.
    """
    weight: Floats | None = None
    if untagged_share is not None:
        weight = stream.weights(answers.gold, untagged_share)
    found: Report = {"name": name, "messages": len(answers.items), "judged": judged}
    if not answers.items or not tags:
        return found | {"messages": 0}
    overall, per_tag = paired.differences(
        answers.gold, challenger=answers.challenger, champion=answers.champion, weight=weight
    )
    return found | {
        "weighed": weight is not None,
        "overall": asdict(overall),
        "per_tag": {tag: asdict(row) for tag, row in zip(tags, per_tag, strict=True)},
    }


def _by_origin(
    answers: _Answers, tags: Sequence[str], reviewers: Mapping[int, str]
) -> Iterator[Report]:
    """Messages of files and reviews apart, and the reviews of each reviewer."""
    numbers = [item.example.review for item in answers.items]
    names = [None if number is None else reviewers.get(number, "") for number in numbers]
    yield _part("files", answers.where([name is None for name in names]), tags)
    yield _part("reviews", answers.where([name is not None for name in names]), tags)
    for reviewer in sorted({name for name in names if name}):
        found = answers.where([name == reviewer for name in names])
        yield _part("reviewer", found, tags) | {"reviewer": reviewer}


def _answers(
    items: Sequence[Item], challenger: Served, champion: Served, tags: Sequence[str]
) -> _Answers:
    labels = quality.labels([item.example for item in items], tags)
    said = [_said(version, items, tags) for version in (challenger, champion)]
    gold, new = metrics.settle_unknown(labels, said[0])
    _, old = metrics.settle_unknown(labels, said[1])
    return _Answers(items=items, gold=gold, challenger=new > 0, champion=old > 0)


def _said(version: Served, items: Sequence[Item], tags: Sequence[str]) -> Floats:
    """[messages, tags]: 1 where the version gives the tag."""
    answers = [version.probabilities(item.example.message) for item in items]
    return np.array(
        [[answer[tag] >= version.thresholds[tag] for tag in tags] for answer in answers],
        dtype=np.float64,
    ).reshape(len(items), len(tags))


def _others(items: Iterable[Item], known: Iterable[Item]) -> list[Item]:
    """Those that are not in `known` with the same tags: labels may have changed since."""
    there = {(item.example.message, item.example.tags) for item in known}
    return [item for item in items if (item.example.message, item.example.tags) not in there]


def _undecidable(
    parts: Sequence[Report], answers: _Answers, tags: Sequence[str]
) -> list[dict[str, Any]]:
    """The tags that no part which decides has enough messages of, and the wrong answers there."""
    decided = {
        tag
        for part in parts
        if part["judged"]
        for tag, row in part.get("per_tag", {}).items()
        if row["finding"] != "undecidable"
    }
    return [
        {
            "tag": tag,
            "support": int(answers.gold[:, column].sum()),
            "champion_wrong": _wrong(answers.champion, answers.gold, column),
            "challenger_wrong": _wrong(answers.challenger, answers.gold, column),
        }
        for column, tag in enumerate(tags)
        if tag not in decided
    ]


def _wrong(said: Flags, gold: Flags, column: int) -> int:
    return int((said[:, column] != gold[:, column]).sum())


def _apart(version: Served, items: Sequence[Item], both: Sequence[str]) -> dict[str, Any]:
    """F1 and support of the tags that only this version knows."""
    tags = [tag for tag in version.tags if tag not in both]
    labels = quality.labels([item.example for item in items], tags)
    gold, said = metrics.settle_unknown(labels, _said(version, items, tags))
    return metrics.per_tag(gold, said > 0, tags)


def _lost(answers: _Answers, tags: Sequence[str]) -> dict[str, Any]:
    """Messages that the live version has right in a tag and the new one wrong, reviews first."""
    columns = answers.champion == answers.gold
    lost = columns & (answers.challenger != answers.gold)
    rows = [
        {
            "place": item.place,
            "review": item.example.review,
            "dataset": item.dataset,
            "line": item.line,
            "tags": _named(lost[at], tags),
            "holds": _named(answers.gold[at], tags),
            "champion": _named(answers.champion[at], tags),
            "challenger": _named(answers.challenger[at], tags),
        }
        for at, item in enumerate(answers.items)
        if lost[at].any()
    ]
    rows.sort(key=lambda row: row["review"] is None)
    reviews = sum(row["review"] is not None for row in rows)
    return {"messages": len(rows), "reviews": reviews, "listed": rows[:LISTED]}


def _named(flags: Flags, tags: Sequence[str]) -> list[str]:
    return [tag for tag, holds in zip(tags, flags, strict=True) if holds]


def _only(answer: Mapping[str, float], tags: Sequence[str]) -> dict[str, float]:
    return {tag: answer[tag] for tag in tags}
