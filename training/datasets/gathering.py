"""Gathers the records of all files of a data set, and refuses input that is too bad to trust."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from classifier.redaction import redacted
from training.datasets import files, reviews, tags_of_others, unknown_tags
from training.datasets.duplicates import Unique
from training.datasets.reading import Problem, Record, Remark, read
from training.datasets.reviews import Reviewed

PROBLEMS_SHOWN = 20


class DatasetError(Exception):
    """A data set cannot be made or loaded; the message says why, line by line where it can."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """What the files held, in the order read."""

    sources: list[str]
    records: list[Record]
    problems: list[Problem]
    remarks: list[Remark] = field(default_factory=list)


def gather(
    paths: Sequence[Path],
    *,
    known_tags: Sequence[str],
    max_length: int,
    max_bad_share: float,
    skip_unlabelled: bool = False,
) -> Input:
    """Read `paths`; DatasetError for an unreadable file, too many bad records, or none at all.

    The examples know which of `known_tags` they were not labelled for, in that order.
    """
    records: list[Record] = []
    problems: list[Problem] = []
    remarks: list[Remark] = []
    sources = _names(paths)
    for source, path in sources.items():
        items = list(
            read(
                path,
                source=source,
                known_tags=known_tags,
                max_length=max_length,
                skip_unlabelled=skip_unlabelled,
            )
        )
        of_file = [_redacted(item) for item in items if isinstance(item, Record)]
        records += unknown_tags.marked(of_file, known_tags)
        problems += [item for item in items if isinstance(item, Problem)]
        remarks += [item for item in items if isinstance(item, Remark)]
    _refuse(
        problems,
        total=len(records) + len(problems),
        max_bad_share=max_bad_share,
        known_tags=known_tags,
        shipped=set(paths) <= set(files.SHIPPED),
    )
    return Input(sources=list(sources), records=records, problems=problems, remarks=remarks)


def report(
    found: Input, reviewed: Reviewed, unique: Unique, clusters: Sequence[int]
) -> dict[str, Any]:
    """JSON-able account of the input: every record is kept, merged, in conflict or a problem."""
    members: dict[int, list[str]] = {}
    for place, number in zip(unique.places, clusters, strict=True):
        members.setdefault(number, []).append(place)
    problems = [*found.problems, *reviewed.problems]
    return {
        "sources": [*found.sources, *([reviews.SOURCE] if reviewed.records else [])],
        "records": len(found.records) + len(reviewed.records) + len(problems),
        "kept": len(unique.examples),
        "problems": [
            {"source": one.source, "line": one.line, "reason": one.reason} for one in problems
        ],
        "remarks": [str(remark) for remark in found.remarks],
        "duplicates": unique.duplicates,
        "joined": unique.joined,
        "corrected": unique.corrected,
        "conflicts": [
            [{"place": place, "tags": list(tags)} for place, tags in same]
            for same in unique.conflicts
        ],
        "reviews": reviewed.facts,
        "disputes": [reviews.described(same) for same in unique.disputes],
        "near_duplicates": [places for places in members.values() if len(places) > 1],
    }


def _redacted(record: Record) -> Record:
    """As a message of that text would be stored, and as the model would read it."""
    message = redacted(record.example.message)
    return replace(record, example=replace(record.example, message=message))


def _names(paths: Sequence[Path]) -> dict[str, Path]:
    """Files by the name that reports use: the file's own, or the whole path where names clash."""
    distinct = list(dict.fromkeys(paths))
    clash = len({path.name for path in distinct}) < len(distinct)
    return {_printable(str(path) if clash else path.name): path for path in distinct}


def _printable(name: str) -> str:
    """File names need not be UTF-8, reports must be."""
    return name.encode(errors="backslashreplace").decode()


def _refuse(
    problems: Sequence[Problem],
    *,
    total: int,
    max_bad_share: float,
    known_tags: Sequence[str],
    shipped: bool,
) -> None:
    if not total:
        raise DatasetError("the input holds no message")
    unreadable = [problem for problem in problems if not problem.line]
    if unreadable:
        raise DatasetError(_listing("cannot read every file:", unreadable))
    # One bad spot does not spoil a small table, unless none is allowed.
    bearable = max(max_bad_share * total, 1 if max_bad_share else 0)
    of_unknown_tags = [problem for problem in problems if problem.unknown_tags]
    if len(of_unknown_tags) > bearable:
        raise DatasetError(tags_of_others.told(of_unknown_tags, total, known_tags, shipped=shipped))
    if len(problems) > bearable:
        share = f"{len(problems)} of {total} records are bad, more than {max_bad_share:.1%}:"
        needed = math.ceil(1000 * len(problems) / total) / 1000
        raise DatasetError(
            f"{_listing(share, problems)}\n"
            f"Mend them, or go on without them with --max-bad-share {needed:g}."
        )


def _listing(headline: str, problems: Sequence[Problem]) -> str:
    lines = [headline, *(f"  {problem}" for problem in problems[:PROBLEMS_SHOWN])]
    if len(problems) > PROBLEMS_SHOWN:
        lines.append(f"  … and {len(problems) - PROBLEMS_SHOWN} more")
    return "\n".join(lines)
