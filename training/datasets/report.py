"""The report on a prepared data set, as sections and as lines of text for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from training.datasets.reviews import SOURCE
from training.datasets.splitting import SPLITS
from training.datasets.stats import NO_TAG
from training.models import Dataset

SETTLE = (
    "Rows of one message, a tag each, become one message with --join-rows; with --later-wins the "
    "tags of the later file count."
)
AGREE = (
    "Reviewers differ here, so these are left out until one of them withdraws a review or says the "
    "same as the others."
)
SHOWN = 20  # items of a section where the whole would be too long


@dataclass(frozen=True)
class Section:
    title: str
    items: list[str]
    advice: str = ""
    loses: bool = True  # something was left out or changed, so a training shows what


def findings(dataset: Dataset) -> list[Section]:
    """What an operator should know about the input: one section a kind, none without items."""
    stats, found = dataset.stats, dataset.stats["input"]
    corrected = found.get("corrected", [])  # older rows have none
    by_review = [same for same in corrected if _reviewed(same)]
    by_file = [same for same in corrected if not _reviewed(same)]
    sections = [
        Section("Bad records, left out", [_problem(one) for one in found["problems"]]),
        Section(
            "Conflicts (same message, other tags), left out",
            [_conflict(same) for same in found["conflicts"]],
            advice=SETTLE,
        ),
        Section(
            "Reviewers differ, left out",
            [_dispute(same) for same in found.get("disputes", [])],
            advice=AGREE,
        ),
        Section("Remarks on the files", found.get("remarks", [])),  # older rows have none
        Section("Rows of one message, joined", [" + ".join(s) for s in found.get("joined", [])]),
        Section("Corrected, the later file wins", [" → ".join(s) for s in by_file]),
        Section("Corrected by a review", [" → ".join(s) for s in by_review], loses=False),
        Section("Duplicates, merged", [" = ".join(same) for same in found["duplicates"]]),
        Section(
            "Near duplicates, kept on one side of the split",
            [" ~ ".join(near) for near in found["near_duplicates"]],
            advice=_shared_text(found.get("shared_text", 0)),
            loses=False,
        ),
        Section("Warnings", stats["warnings"]),
    ]
    return [section for section in sections if section.items]


def rows(dataset: Dataset) -> Iterator[tuple[str, Mapping[str, int]]]:
    """Messages by split: all, with each tag in the model's order, without labels for a tag, in
    each targeted group."""
    stats = dataset.stats
    yield "messages", dataset.sizes
    for tag in [*stats["tags"], NO_TAG]:
        yield tag, stats["per_tag"][tag]
    for tag, counts in stats.get("unknown", {}).items():  # older rows have none
        yield f"not labelled for {tag}", counts
    for name in sorted(stats["groups"]):
        yield f"group {name}", stats["groups"][name]


def lines(dataset: Dataset) -> Iterator[str]:
    """Everything for a terminal: findings first, sizes and digest last."""
    found = dataset.stats["input"]
    for section in findings(dataset):
        yield from _section_lines(section)
        yield ""
    yield from _reviews(found.get("reviews", {}))
    yield f"{found['records']} records from {', '.join(found['sources'])}; {found['kept']} kept"
    yield f"{dataset.stats['average_tags']} tags a message on average"
    yield ""
    yield from _table(list(rows(dataset)))
    yield ""
    yield f"Digest {dataset.digest}"


def summary(dataset: Dataset) -> Iterator[str]:
    """The findings for a terminal that shows a training: of each kind no more than SHOWN, and of
    one that loses nothing the number alone."""
    for section in findings(dataset):
        yield "\n".join(_section_lines(section, shown=SHOWN if section.loses else 0))


def said_of(dispute: Sequence[Mapping[str, Any]]) -> list[str]:
    """Whose word says what, for each of the reviews that differ."""
    return [f"{one['actor']} says {', '.join(one['tags']) or NO_TAG}" for one in dispute]


def address_of(one: Mapping[str, Any]) -> str:
    """Where staff read the message that a review is about."""
    page = reverse("admin:conversations_conversation_change", args=[one["conversation"]])
    return f"{page}#message-{one['position']}"


def _reviewed(places: Sequence[str]) -> bool:
    return any(place.startswith(f"{SOURCE}:") for place in places)


def _dispute(same: Sequence[Mapping[str, Any]]) -> str:
    return " ≠ ".join(
        f"{one['place']} {said} ({address_of(one)})"
        for one, said in zip(same, said_of(same), strict=True)
    )


def _reviews(facts: Mapping[str, Any]) -> Iterator[str]:
    if not facts.get("count"):
        return
    by = ", ".join(f"{name} {count}" for name, count in facts["by"].items())
    chosen = ", ".join(f"{name} {count}" for name, count in facts["chosen"].items())
    yield f"{facts['count']} reviews hold, up to number {facts['newest']}; by person: {by}"
    yield f"Their messages were chosen: {chosen}"
    if facts["repeated"]:
        yield f"{facts['repeated']} said something of a text of which the same person spoke later"
    yield ""


def _section_lines(section: Section, *, shown: int | None = None) -> Iterator[str]:
    yield f"{section.title}: {len(section.items)}"
    yield from (f"  {item}" for item in section.items[:shown])
    if shown is not None and len(section.items) > shown:
        more = f"… and {len(section.items) - shown} more; " if shown else ""
        yield f"  {more}prepare_dataset lists all"
    if section.advice:
        yield f"  {section.advice}"


def _shared_text(messages: int) -> str:
    if not messages:
        return ""
    return f"Text that many share, such as a footer, did not count in {messages} messages."


def _problem(problem: Mapping[str, Any]) -> str:
    return f"{problem['source']}:{problem['line']}: {problem['reason']}"


def _conflict(same: Sequence[Mapping[str, Any]]) -> str:
    return " ≠ ".join(f"{one['place']} [{', '.join(one['tags']) or NO_TAG}]" for one in same)


def _table(counted: Sequence[tuple[str, Mapping[str, int]]]) -> Iterator[str]:
    width = max(len(name) for name, _ in counted)
    yield " " * width + "".join(f"{name:>12}" for name in [*SPLITS, "all"])
    for name, counts in counted:
        numbers = [*(counts.get(split, 0) for split in SPLITS), sum(counts.values())]
        yield f"{name:<{width}}" + "".join(f"{number:>12}" for number in numbers)
