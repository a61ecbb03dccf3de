"""Scores a model on labelled messages and conversations that it has not learnt from."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from classifier.engine import Classification, Engine
from classifier.models import Tag
from conversations import history
from conversations.tagging import Rule, TaggedMessage
from training.datasets import gathering
from training.datasets.dataset import Example
from training.datasets.gathering import DatasetError
from training.decision import metrics
from training.evaluation import conversation_metrics, quality

RULES: tuple[Rule, ...] = ("newest", "mean")


def score_messages(engine: Engine, path: Path) -> dict[str, Any]:
    """`evaluation.figures` of the answers on a file; DatasetError when a record is bad."""
    examples = [record.example for record in _gather(path).records]
    thresholds = {tag: engine.manifest.thresholds[tag] for tag in engine.manifest.tags}
    answers = [engine.classify(example.message).probabilities for example in examples]
    probabilities = np.array([[answer[tag] for tag in thresholds] for answer in answers])
    labels = quality.labels(examples, list(thresholds))
    return {
        "calibration_error": metrics.calibration_error(labels, probabilities),
        **quality.figures(examples, probabilities=probabilities, thresholds=thresholds),
    }


def score_conversations(engine: Engine, path: Path) -> dict[str, Any]:
    """For both rules: the conversation's tag after each message against the one that follows,
    by the guidelines' rule, from the messages' gold tags. DatasetError when a line is bad."""
    conversations = list(_conversations(path))
    stages = history.stages()
    threshold = engine.manifest.threshold
    gold = [
        conversation_metrics.series(
            [_gold(e) for e in examples], stages, rule="newest", threshold=threshold
        )
        for examples in conversations
    ]
    answers = [[_said(engine.classify(e.message)) for e in each] for each in conversations]
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
        lines += [headline(found), *tag_lines(found["per_tag"])]
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
    return [
        f"  {tag:<24} F1 {row['f1']:.3f}  precision {row['precision']:.3f}  "
        f"recall {row['recall']:.3f}  of {row['support']}"
        for tag, row in per_tag.items()
    ]


def _conversations(path: Path) -> Iterator[list[Example]]:
    for number, line in enumerate(_lines(path), start=1):
        try:
            messages = json.loads(line)["messages"]
            yield [Example(message=m["message"], tags=tuple(m["tags"])) for m in messages]
        except (ValueError, KeyError, TypeError) as error:
            raise DatasetError(
                f"{path.name}:{number}: not a conversation ({error!r}); a line is "
                '{"conversation_id": …, "messages": [{"message": …, "tags": […]}, …]}'
            ) from error


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error


def _gather(path: Path) -> gathering.Input:
    return gathering.gather(
        [path],
        known_tags=list(Tag.objects.values_list("name", flat=True)),
        max_length=settings.MAX_MESSAGE_LENGTH,
        max_bad_share=0.0,
    )


def _gold(example: Example) -> TaggedMessage:
    return TaggedMessage(
        probabilities=dict.fromkeys(example.tags, 1.0), selected=frozenset(example.tags)
    )


def _said(answer: Classification) -> TaggedMessage:
    return TaggedMessage(
        probabilities=answer.probabilities, selected=frozenset(tag for tag, _ in answer.selected)
    )
