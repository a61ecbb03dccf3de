"""From the reviews that hold to records: what staff said of messages, to be learnt from.

One record for each person and text: a person's later word replaces the earlier one. Whether people
agree is for `duplicates.merge` to see.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from classifier.redaction import redacted
from conversations.models import Review
from training.datasets.duplicates import normalise
from training.datasets.records import Example, Problem, Record

SOURCE = "reviews"  # of a place such as reviews:123, the number being the key of the review
_CHUNK = 5000  # rows read at once


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """What the reviews held, the oldest first. `sampled`: normalised texts of messages that were
    drawn at random when they came."""

    records: list[Record] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    sampled: frozenset[str] = frozenset()
    facts: dict[str, Any] = field(default_factory=dict)


def gather(known_tags: Sequence[str], *, max_length: int) -> Reviewed:
    """Every review that nobody has withdrawn, of messages of at most `max_length` characters.

    Tags that are not among `known_tags` are dropped, as if nobody had been asked about them.
    """
    words: dict[tuple[str, str], tuple[Record, str]] = {}  # with why the message was looked at
    problems: list[Problem] = []
    sampled: set[str] = set()
    count = newest = 0
    for row in _rows():
        count, newest = count + 1, row["pk"]
        if problem := _problem(row, set(known_tags), max_length):
            problems.append(Problem(source=SOURCE, line=row["pk"], reason=problem))
            continue
        text = normalise(row["message__text"])
        words[text, row["actor"]] = _record(row, known_tags), row["chosen"]
        if row["message__sampled"]:
            sampled.add(text)
    return Reviewed(
        records=sorted((record for record, _ in words.values()), key=lambda record: record.line),
        problems=problems,
        sampled=frozenset(sampled),
        facts={
            "count": count,
            "newest": newest,
            "used": len(words),
            "repeated": count - len(problems) - len(words),
            "by": _counted(actor for _, actor in words),
            "chosen": _counted(chosen for _, chosen in words.values()),
        },
    )


def described(records: Sequence[Record]) -> list[dict[str, Any]]:
    """JSON-able: whose word each of these reviews is, and where its message stands."""
    rows = Review.objects.select_related("message__conversation").in_bulk(
        [record.line for record in records]
    )
    return [
        {
            "place": record.place,
            "tags": list(record.example.tags),
            "actor": row.actor,
            "conversation": row.message.conversation_id,
            "conversation_id": row.message.conversation.conversation_id,
            "position": row.message.position,
        }
        for record in records
        if (row := rows.get(record.line))  # erased in this very moment
    ]


def _rows() -> Iterator[dict[str, Any]]:
    """In one statement, so that they are of one moment. What REDACT names is taken out of texts
    that were stored before it was set."""
    fields = "tags", "labelled_for", "chosen", "actor", "message__text", "message__sampled"
    found = Review.objects.filter(withdrawn_at=None).order_by("pk").values("pk", *fields)
    for row in found.iterator(chunk_size=_CHUNK):
        yield row | {"message__text": redacted(row["message__text"])}


def _problem(row: dict[str, Any], known_tags: Set[str], max_length: int) -> str:
    """Why nothing can be learnt from a review; empty when something can."""
    text = row["message__text"]
    if not text.strip():
        return "the message is blank"
    if len(text) > max_length:
        return f"the message has {len(text)} characters; at most {max_length} are allowed"
    if known_tags.isdisjoint(row["labelled_for"]):
        return "the tags that it was about do not exist any more"
    return ""


def _record(row: dict[str, Any], known_tags: Sequence[str]) -> Record:
    asked = tuple(tag for tag in known_tags if tag in row["labelled_for"])
    example = Example(
        message=row["message__text"],
        tags=tuple(tag for tag in asked if tag in row["tags"]),
        unknown=tuple(tag for tag in known_tags if tag not in asked),
        review=row["pk"],
    )
    return Record(example=example, source=SOURCE, line=row["pk"], labelled_for=asked)


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
