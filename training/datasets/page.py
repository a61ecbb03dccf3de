"""What the admin shows of a data set beside its fields: counts as tables, what was left out."""

from collections.abc import Iterator, Mapping

from beez.staff.pages import Table
from training.datasets.report import Section, findings, rows
from training.datasets.splitting import SPLITS
from training.models import Dataset

__all__ = ["Section", "Table", "findings", "tables"]


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
    yield Table(
        "Messages with both tags", ["", *together["tags"]], [[tag, *row] for tag, row in matrix]
    )


def _counts(name: str, row: Mapping[str, int]) -> list[str | int]:
    return [name, *(row[split] for split in SPLITS), sum(row.values())]
