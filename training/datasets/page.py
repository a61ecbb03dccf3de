"""What the admin shows of a data set beside its fields: counts as tables, what was left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from beez.staff.pages import Table
from conversations.models import Review
from training.datasets.report import AGREE, Section, address_of, rows, said_of
from training.datasets.report import findings as sections
from training.datasets.splitting import SPLITS
from training.models import Dataset

__all__ = ["Section", "Table", "disputes", "findings", "tables"]


@dataclass(frozen=True)
class Word:
    """What a reviewer says, and where the message stands."""

    said: str
    where: str
    url: str


def findings(dataset: Dataset) -> list[Section]:
    """As the report has them, but for the disputes, which the page shows with links."""
    return [section for section in sections(dataset) if section.advice != AGREE]


def disputes(dataset: Dataset) -> list[list[Word]]:
    """The reviews of each text on which reviewers differ."""
    return [
        [
            Word(said, f"{one['conversation_id']}, message {one['position']}", address_of(one))
            for one, said in zip(same, said_of(same), strict=True)
        ]
        for same in dataset.stats["input"].get("disputes", [])
    ]


def tables(dataset: Dataset) -> Iterator[Table]:
    """Messages by split and tag, lengths, number of tags, and how often tags go together."""
    stats = dataset.stats
    yield Table("Messages", ["", *SPLITS, "all"], [_counts(n, row) for n, row in rows(dataset)])
    numbers = sorted(stats["messages_by_number_of_tags"].items(), key=lambda pair: int(pair[0]))
    yield Table("Messages by number of tags", ["tags", "messages"], numbers)
    names = ("shortest", "median", "mean", "longest")
    lengths = [[name, stats["lengths"][name]] for name in names]
    yield Table("Lengths", ["", "characters"], lengths)
    together = stats["co_occurrence"]
    matrix = zip(together["tags"], together["matrix"], strict=True)
    yield from _reviews(stats["input"].get("reviews", {}))
    yield Table(
        "Messages with both tags", ["", *together["tags"]], [[tag, *row] for tag, row in matrix]
    )


def _counts(name: str, row: Mapping[str, int]) -> list[str | int]:
    return [name, *(row.get(split, 0) for split in SPLITS), sum(row.values())]


def _reviews(facts: Mapping[str, Any]) -> Iterator[Table]:
    if facts.get("count"):
        yield Table("Reviews by person", ["", "reviews"], list(facts["by"].items()))
        chosen = [(Review.Chosen(name).label, n) for name, n in facts["chosen"].items()]
        yield Table("Reviews by why the message was looked at", ["", "reviews"], chosen)
