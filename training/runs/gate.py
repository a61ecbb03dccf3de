"""Decides whether a freshly trained version may go live: from a policy, and from the report of
`training.evaluation.comparison`, to a verdict and the full sentence that gives the reason.

The rule: it goes live unless, on messages that neither version has learnt from, it is worse than
the live version beyond chance, overall or on a tag. What cannot be told from chance because there
are too few messages, and reviews that look wrong as a whole, wait for a person's signature.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from classifier.tags import label
from training.models import Comparison

Policy = Literal["always", "never", "if-not-worse"]
Report = Mapping[str, Any]
Verdict = Comparison.Verdict
PARTS = {
    "hold_out": "on the messages kept for testing",
    "before": "on those kept for testing already when the live version was trained",
    "stream": "on the random sample of real messages",
}


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether to activate now, and why, as a full sentence."""

    verdict: Verdict
    reason: str

    @property
    def activate(self) -> bool:
        return self.verdict == Verdict.LIVE


def decide(policy: Policy, report: Report | None = None, *, provisional: bool = False) -> Decision:
    """The decision; `report` is None where there is no live version to compare with.

    With `provisional` the live version is a quick first one, which nobody chose: what too few
    messages leave open is no reason to keep it.
    """
    if policy == "never":
        return Decision(verdict=Verdict.REFUSED, reason="Not activated, as asked.")
    if policy == "always" or report is None:
        reason = "Activated, as asked."
        if policy != "always":
            reason = "Activated: there is no live version to compare with."
        return Decision(verdict=Verdict.LIVE, reason=reason)
    warnings = list(_systematic(report))
    if worse := list(_worse(report)):
        reason = f"Not activated: worse than {report['champion']} beyond chance {'; '.join(worse)}."
        return Decision(verdict=Verdict.REFUSED, reason=" ".join([reason, *warnings]))
    open_questions = [*_nothing_to_compare(report), *_undecided(report)]
    if provisional and open_questions and not warnings:
        return Decision(verdict=Verdict.LIVE, reason=_instead(report))
    if doubts := [*open_questions, *warnings]:
        reason = " ".join(["Not activated before somebody signs for it.", *doubts])
        return Decision(verdict=Verdict.SIGNATURE, reason=reason)
    return Decision(verdict=Verdict.LIVE, reason=_not_worse(report))


def judged(report: Report) -> list[Mapping[str, Any]]:
    """The parts of a report that decide and have messages enough for that."""
    return [
        part
        for part in report["parts"]
        if part["judged"] and part["overall"]["finding"] != "undecidable"
    ]


def _worse(report: Report) -> Iterator[str]:
    for part in judged(report):
        tags = ((label(tag), row) for tag, row in part["per_tag"].items())
        rows = [("overall", part["overall"]), *tags]
        found = [_figures(name, row) for name, row in rows if row["finding"] == "worse"]
        if found:
            yield f"{PARTS[part['name']]}: {_joined(found)}"


def _nothing_to_compare(report: Report) -> Iterator[str]:
    if not judged(report):
        left_out = report["left_out"]
        gone = f", and {left_out} were left out of the comparison" if left_out else ""
        yield (
            f"There are too few messages with a tag that the live version {report['champion']} "
            f"certainly has not learnt from{gone}, so nothing shows that this version is not worse."
        )


def _undecided(report: Report) -> Iterator[str]:
    if not judged(report):
        return
    for row in report["undecidable"]:
        if row["challenger_wrong"] > row["champion_wrong"]:
            yield (
                f"{label(row['tag'])} has {row['challenger_wrong']} wrong answers against "
                f"{row['champion_wrong']} before, and stands in only {row['support']} messages, "
                "too few to tell that from chance."
            )


def _systematic(report: Report) -> Iterator[str]:
    for row in report["contradictions"]:
        if row["systematic"]:
            yield f"{contradiction(row)}. Look at these reviews, and withdraw what is wrong."


def contradiction(row: Mapping[str, Any]) -> str:
    sure = "it holds" if row["says"] == "does not hold" else "it does not"
    return (
        f"{row['against']} of {row['of']} reviews by {row['reviewer']} say that "
        f"{label(row['tag'])} {row['says']} where the live version was sure that {sure}"
    )


def _not_worse(report: Report) -> str:
    part = next(iter(judged(report)))
    figures = part["overall"]
    apart = [f"{label(tag)} is new" for tag in report["only_challenger"]]
    apart += [f"{label(tag)} is no longer given" for tag in report["only_champion"]]
    tail = f" {_joined(apart)}." if apart else ""
    return (
        f"Activated: not worse than {report['champion']} beyond chance, overall "
        f"(F1 {figures['challenger']:.3f} against {figures['champion']:.3f} "
        f"{PARTS[part['name']]}, {part['messages']}) and on every tag.{tail}"
    )


def _instead(report: Report) -> str:
    return (
        f"Activated: trained in full, it takes the place of the quick first version "
        f"{report['champion']}, and too few messages tell the two apart for a doubt."
    )


def _figures(name: str, row: Mapping[str, Any]) -> str:
    return (
        f"{name} (F1 {row['challenger']:.3f} against {row['champion']:.3f}, difference "
        f"{row['low']:+.3f} to {row['high']:+.3f})"
    )


def _joined(words: Sequence[str]) -> str:
    return " and ".join([*([", ".join(words[:-1])] if words[1:] else []), words[-1]])
