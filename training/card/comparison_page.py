"""What the admin's page of a comparison shows: the report, and the texts of the messages that it
names, looked up now, so that none outlives an erasure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from classifier import registry
from conversations.models import Review
from conversations.staff.page import address
from training.card import comparison_text, forest
from training.datasets import stored
from training.models import Comparison
from training.runs.gate import contradiction

Verdict = Comparison.Verdict
SHOWN = 100  # messages of a reviewer's contradictions on the page; the downloads name all
HEADLINES = {
    Verdict.LIVE: "The new version went live. It answers no worse than the one before.",
    Verdict.REFUSED: "The new version did not go live. It answers worse than the live one.",
    Verdict.SIGNATURE: "The new version waits. Somebody has to look and decide.",
}
GONE, HIDDEN = "no longer there", "You need the right to view conversations to read it."


@dataclass(frozen=True, kw_only=True)
class Named:
    """A message that a report names; `remark` stands where its text cannot be shown."""

    place: str
    text: str = ""
    url: str = ""
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A message that the live version had right and the new one has wrong."""

    message: Named
    holds: list[str]
    champion: list[str]
    challenger: list[str]


@dataclass(frozen=True, kw_only=True)
class Suspicion:
    """Reviews of a tag by one person that say the opposite of what the live version was sure of."""

    sentence: str
    systematic: bool
    messages: list[Named]
    more: int


def context(comparison: Comparison, *, may_read: bool) -> dict[str, Any]:
    """Variables of the template; without `may_read` no text of a customer is among them."""
    report = comparison.report
    suspicions, lost = report["contradictions"], report["lost"]["listed"]
    numbers = [n for row in suspicions for n in row["reviews"][:SHOWN]]
    numbers += [row["review"] for row in lost if row["review"] is not None]
    reviews, lines = _reviews(numbers, may_read=may_read), _lines(lost)
    return {
        "headline": _headline(comparison),
        "stale": comparison.waits and registry.live_version() != comparison.champion,
        "chart": forest.draw(report),
        "how": comparison_text.HOW,
        "base": f"{comparison_text.weighed(report)} {comparison_text.left_out(report)}",
        "tables": [*comparison_text.part_tables(report), *comparison_text.tag_tables(report)],
        "suspicions": [_suspicion(row, reviews) for row in suspicions],
        "lost_sentence": comparison_text.lost(report),
        "lost": [
            (title, [_lost(row, reviews, lines) for row in rows])
            for title, rows in (
                ("Reviewed messages", [row for row in lost if row["review"] is not None]),
                ("Messages of files", [row for row in lost if row["review"] is None]),
            )
            if rows
        ],
    }


def _headline(comparison: Comparison) -> str:
    if comparison.signed_at is not None:
        return "The new version went live, for somebody signed for it."
    return HEADLINES[Verdict(comparison.verdict)]


def _reviews(numbers: Iterable[int], *, may_read: bool) -> Mapping[int, Named]:
    found = Review.objects.filter(pk__in=set(numbers)).select_related("message")
    return {review.pk: _review(review, may_read=may_read) for review in found}


def _review(review: Review, *, may_read: bool) -> Named:
    place, message = f"reviews:{review.pk}", review.message
    if not may_read:
        return Named(place=place, remark=HIDDEN)
    return Named(
        place=place,
        text=message.text,
        url=address(message.conversation_id, message.position),
        remark=f"withdrawn by {review.withdrawn_by}" if review.withdrawn_at else "",
    )


def _lines(lost: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], str]:
    """The texts of lines of test splits; none of a data set that is gone."""
    digests = {row["dataset"] for row in lost if row["review"] is None}
    found: dict[tuple[str, int], str] = {}
    for digest in digests:
        examples = stored.splits_by_digest(digest, "test") or ()
        for example in examples:
            found[digest, example.line] = example.message
    return found


def _named(number: int, reviews: Mapping[int, Named]) -> Named:
    return reviews.get(number) or Named(place=f"reviews:{number}", remark=GONE)


def _suspicion(row: Mapping[str, Any], reviews: Mapping[int, Named]) -> Suspicion:
    return Suspicion(
        sentence=f"{contradiction(row)}.",
        systematic=row["systematic"],
        messages=[_named(number, reviews) for number in row["reviews"][:SHOWN]],
        more=max(len(row["reviews"]) - SHOWN, 0),
    )


def _lost(
    row: Mapping[str, Any], reviews: Mapping[int, Named], lines: Mapping[tuple[str, int], str]
) -> Lost:
    if row["review"] is not None:
        message = _named(row["review"], reviews)
    else:
        text = lines.get((row["dataset"], row["line"]), "")
        message = Named(place=row["place"], text=text, remark="" if text else GONE)
    return Lost(
        message=message,
        holds=row["holds"],
        champion=row["champion"],
        challenger=row["challenger"],
    )
