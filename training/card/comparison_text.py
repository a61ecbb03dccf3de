"""The report on two versions, in Markdown, as JSON and as tables for a page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beez.staff.pages import Table
from classifier.tags import label
from training.models import Comparison
from training.runs.gate import Decision, contradiction

Report = Mapping[str, Any]

TITLES = {
    "hold_out": "Messages kept for testing",
    "before": "Of these, kept already when the live version was trained",
    "stream": "Random sample of real messages",
    "hold_out_plain": "Messages kept for testing, all counting the same",
    "files": "From files",
    "reviews": "From reviews",
}
FINDINGS = {
    "better": "better",
    "worse": "worse",
    "same": "no difference beyond chance",
    "undecidable": "too few to tell",
}
HOW = (
    "Both versions answered the same messages, with the thresholds in force. The score (F1) goes "
    "from 0 to 1 and counts tags that were missed and tags that were wrongly given. The range says "
    "which differences chance alone could make: where it lies below 0 as a whole, the new version "
    "is worse. The ranges of the tags are wide enough to hold for all of them at once."
)


def markdown(report: Report, decision: Decision) -> str:
    """The whole report, with the plot beside it as `file_name`."""
    return "\n\n".join(_sections(report, decision)) + "\n"


def file_name(challenger: str, suffix: str) -> str:
    return f"comparison-{challenger}.{suffix}"


def signature(comparison: Comparison) -> str:
    """Who signed and why, to be added to the Markdown; empty without."""
    if comparison.signed_at is None:
        return ""
    when = f"{comparison.signed_at:%Y-%m-%d %H:%M %Z}"
    return f"\n## Signature\n\n{comparison.signed_by}, {when}: {comparison.signed_reason}\n"


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The whole row, for programs."""
    signed = comparison.signed_at and {
        "by": comparison.signed_by,
        "at": comparison.signed_at.isoformat(),
        "reason": comparison.signed_reason,
    }
    return {
        "id": comparison.pk,
        "run": comparison.run_id,
        "challenger": comparison.challenger.name,
        "champion": comparison.champion.name,
        "verdict": comparison.verdict,
        "reason": comparison.reason,
        "created_at": comparison.created_at.isoformat(),
        "signed": signed,
        "report": comparison.report,
    }


def title(part: Report) -> str:
    if part["name"] == "reviewer":
        return f"Reviews by {part['reviewer']}"
    return TITLES[part["name"]]


def lines(part: Report) -> list[tuple[str, Report]]:
    """What a part says of all tags together, and of each by its name for staff."""
    tags = ((label(tag), row) for tag, row in part["per_tag"].items())
    return [("All tags", part["overall"]), *tags]


def weighed(report: Report) -> str:
    return (
        f"Weighed as if {report['untagged_share']:.0%} of the messages carried no tag, as in a "
        "shop; the random sample is not weighed."
    )


def left_out(report: Report) -> str:
    if not report["left_out"]:
        return "No message had to be left out."
    return (
        f"{report['left_out']} messages were left out: the live version has learnt from them or "
        "from nearly the same, or nobody can tell whether it has."
    )


def part_tables(report: Report) -> Iterator[Table]:
    """A table by tag for each part that decides, then all parts in one."""
    columns = ["", "messages with it", "score, live", "score, new", "difference", "from", "to", ""]
    for part in report["parts"]:
        if part["judged"]:
            cells = [_cells(name, row["support"], row) for name, row in lines(part)]
            yield Table(f"{title(part)}: {part['messages']} messages", columns, cells)
    rows = [(_cells(title(p), p["messages"], p["overall"])) for p in report["parts"]]
    yield Table("All tags together, by origin", ["", "messages", *columns[2:]], rows)


def tag_tables(report: Report) -> Iterator[Table]:
    """Tags that only one version knows, and those that cannot be judged; none without any."""
    for key, caption in (
        ("only_challenger", "Tags that only the new version knows"),
        ("only_champion", "Tags that only the live version knew"),
    ):
        if report[key]:
            rows = [
                [label(tag), row["support"], f"{row['f1']:.3f}"] for tag, row in report[key].items()
            ]
            yield Table(caption, ["", "messages with it", "score"], rows)
    if report["undecidable"]:
        keys = ("support", "champion_wrong", "challenger_wrong")
        yield Table(
            "Tags with too few messages to judge",
            ["", "messages with it", "wrong answers, live", "wrong answers, new"],
            [[label(row["tag"]), *(row[key] for key in keys)] for row in report["undecidable"]],
        )


def lost(report: Report) -> str:
    found = report["lost"]
    if not found["messages"]:
        return "There is no message that the live version has right and the new one wrong."
    rest = found["messages"] - len(found["listed"])
    return (
        f"The live version has a tag right that the new one has wrong in {found['messages']} "
        f"messages, {found['reviews']} of them reviewed ones."
        f"{f' {rest} are not listed.' if rest else ''}"
    )


def _sections(report: Report, decision: Decision) -> Iterator[str]:
    yield f"# {report['challenger']} against {report['champion']}"
    yield f"**Verdict: {decision.verdict.label}.** {decision.reason}"
    yield HOW
    yield f"{weighed(report)} {left_out(report)}"
    yield f"![Differences overall and by tag]({file_name(report['challenger'], 'svg')})"
    for table in [*part_tables(report), *tag_tables(report)]:
        yield f"## {table.title}"
        yield _table(table)
    if report["contradictions"]:
        yield "## Reviews that say the opposite of what the live version was sure of"
        for row in report["contradictions"]:
            numbers = ", ".join(f"reviews:{number}" for number in row["reviews"])
            yield f"{'⚠ ' if row['systematic'] else ''}{contradiction(row)}: {numbers}"
    yield "## Messages that got worse"
    yield lost(report)
    if listed := report["lost"]["listed"]:
        rows = [[row["place"], *(_tags(row[key]) for key in _SAID)] for row in listed]
        yield _table(Table("", ["", "holds", "live version", "new version"], rows))


_SAID = ("holds", "champion", "challenger")


def _tags(names: Sequence[str]) -> str:
    return ", ".join(map(label, names)) or "none"


def _cells(name: str, count: int, row: Report) -> list[str | int]:
    return [
        name,
        count,
        f"{row['champion']:.3f}",
        f"{row['challenger']:.3f}",
        *(f"{row[key]:+.3f}" for key in ("difference", "low", "high")),
        FINDINGS[row["finding"]],
    ]


def _table(table: Table) -> str:
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: str | int) -> str:
    return str(value).replace("|", "\\|")
