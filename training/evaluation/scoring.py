"""Scores a model on labelled messages and conversations that it has not learnt from."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from classifier.engine import Engine
from classifier.models import Tag
from conversations import history
from conversations.tagging import Rule, TaggedMessage
from training.datasets import duplicates, gathering, stored
from training.datasets.records import Example, Rules
from training.decision import metrics, stream
from training.evaluation import conversation_file, conversation_metrics, quality

RULES: tuple[Rule, ...] = ("newest", "mean")
Tell = Callable[[str], object]


def _silently(_: str) -> None:
    pass


def score_messages(
    engine: Engine, path: Path, *, max_bad_share: float = 0.0, tell: Tell = _silently
) -> dict[str, Any]:
    """`quality.figures` of the answers on a file; what was met in reading it is told.

    DatasetError when more than `max_bad_share` of the records are bad.
    """
    found = _gather(engine, path, max_bad_share)
    examples = [record.example for record in found.records]
    for one in [*found.problems, *found.remarks, *_on_unknown_tags(engine, examples)]:
        tell(str(one))
    thresholds = {tag: engine.manifest.thresholds[tag] for tag in engine.manifest.tags}
    answers = [engine.classify(example.message).probabilities for example in examples]
    probabilities = np.array([[answer[tag] for tag in thresholds] for answer in answers])
    labels = quality.labels(examples, list(thresholds))
    return {
        "calibration_error": metrics.calibration_error(labels, probabilities),
        "learnt": _learnt(engine.manifest.dataset_digest, examples),
        **quality.figures(examples, probabilities=probabilities, thresholds=thresholds),
    }


def score_conversations(engine: Engine, path: Path, *, tell: Tell = _silently) -> dict[str, Any]:
    """For both rules: the conversation's tag after each message against the one that follows,
    by the guidelines' rule, from the messages' gold tags. DatasetError when a line is bad."""
    conversations = conversation_file.read(path, _rules(engine), tell=tell)
    for sentence in _on_unknown_tags(engine, chain.from_iterable(conversations)):
        tell(sentence)
    stages = history.stages()
    threshold = engine.manifest.threshold
    gold = [
        conversation_metrics.series(
            [_gold(e) for e in examples], stages, rule="newest", threshold=threshold
        )
        for examples in conversations
    ]
    answers = [
        [history.classified(engine.classify(e.message)) for e in each] for each in conversations
    ]
    return {
        rule: asdict(
            conversation_metrics.follow(
                [
                    (
                        series,
                        conversation_metrics.series(said, stages, rule=rule, threshold=threshold),
                    )
                    for series, said in zip(gold, answers, strict=True)
                ]
            )
        )
        for rule in RULES
    }


def as_text(figures: dict[str, Any]) -> str:
    """The figures as lines for a terminal."""
    lines: list[str] = []
    if found := figures.get("messages"):
        lines += split_lines(found)
        lines += [
            f"  {group:<24} all right {row['exact_match']:.3f} of {row['support']}"
            for group, row in found["groups"].items()
        ]
        lines.append(f"  calibration error {found['calibration_error']:.3f}")
    for rule, row in figures.get("conversations", {}).items():
        delay = "–" if row["delay"] is None else f"{row['delay']:.2f}"
        lines.append(
            f"conversations, rule {rule:<6} tag right after {row['accuracy']:.3f} of "
            f"{row['messages']} messages; {row['switches']} switches: precision "
            f"{row['precision']:.3f}, recall {row['recall']:.3f}, delay {delay} messages"
        )
    return "\n".join(lines)


def split_lines(found: dict[str, Any]) -> list[str]:
    """The figures of a set of messages: overall, by tag, in a shop's stream, and what to mind."""
    lines = [headline(found), *tag_lines(found["per_tag"]), stream_line(found)]
    if learnt := found.get("learnt"):
        lines.append(
            f"! {learnt} of these messages were learnt from: the figures flatter. Evaluate on "
            "messages that no training has seen."
        )
    return [line for line in lines if line]


def headline(found: dict[str, Any]) -> str:
    low, high = found["micro_f1_interval"]
    untagged = found["no_tag_accuracy"]
    none = "" if untagged is None else f", untagged ones left so {untagged:.3f}"
    return (
        f"{found['support']} messages: micro-F1 {found['micro_f1']:.3f} (95%: {low:.3f} to "
        f"{high:.3f}), macro-F1 {found['macro_f1']:.3f}, all tags right "
        f"{found['exact_match']:.3f}{none}"
    )


def tag_lines(per_tag: dict[str, dict[str, float]]) -> list[str]:
    return [_tag_line(tag, row) for tag, row in per_tag.items()]


def _tag_line(tag: str, row: dict[str, float]) -> str:
    if row["support"] < metrics.TOO_FEW:
        missed = row["support"] - round(row["recall"] * row["support"])
        return f"  {tag:<24} of {row['support']}, {missed} missed: too few to judge it"
    return (
        f"  {tag:<24} F1 {row['f1']:.3f}  precision {row['precision']:.3f}  "
        f"recall {row['recall']:.3f}  of {row['support']}"
    )


def stream_line(found: dict[str, Any]) -> str:
    """The figures in a shop's stream, as a sentence; empty where there are none."""
    in_stream = found.get("stream") or {}
    if in_stream.get("micro_f1") is None:
        return ""
    return (
        f"in a stream with {in_stream['untagged_share']:.0%} untagged: precision "
        f"{in_stream['precision']:.3f}, recall {in_stream['recall']:.3f}, "
        f"{in_stream['false_alarms']:.0f} false alarms in {stream.MESSAGES:,} messages"
    )


def _rules(engine: Engine) -> Rules:
    """The tags that may occur are those of the house and those that the version knows."""
    return Rules(frozenset(_known_tags(engine)), settings.MAX_MESSAGE_LENGTH)


def _known_tags(engine: Engine) -> list[str]:
    return list(dict.fromkeys([*Tag.objects.values_list("name", flat=True), *engine.manifest.tags]))


def _learnt(digest: str, examples: Sequence[Example]) -> int | None:
    """How many of `examples` the version of that data set has learnt or decided on; None where the
    data set is gone."""
    learnt = stored.splits_by_digest(digest, "train", "validation")
    if learnt is None:
        return None
    seen = {duplicates.normalise(example.message) for example in learnt}
    return sum(duplicates.normalise(e.message) in seen for e in examples)


def _gather(engine: Engine, path: Path, max_bad_share: float) -> gathering.Input:
    return gathering.gather(
        [path],
        known_tags=_known_tags(engine),
        max_length=settings.MAX_MESSAGE_LENGTH,
        max_bad_share=max_bad_share,
    )


def _on_unknown_tags(engine: Engine, examples: Iterable[Example]) -> list[str]:
    """A sentence on the tags of a file that the version cannot say, with how many messages."""
    counts = Counter(tag for example in examples for tag in example.tags)
    unknown = [f"{tag} ({n})" for tag, n in counts.items() if tag not in engine.manifest.tags]
    if not unknown:
        return []
    return [
        f"version {engine.manifest.name} does not know these tags of the file, and is not measured "
        f"on them (messages): {', '.join(unknown)}"
    ]


def _gold(example: Example) -> TaggedMessage:
    return TaggedMessage(
        probabilities=dict.fromkeys(example.tags, 1.0), selected=frozenset(example.tags)
    )
