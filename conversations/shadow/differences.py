"""Where a candidate in trial answers otherwise than what was live, tag by tag."""

from collections import Counter
from dataclasses import dataclass

from conversations.models import ShadowAnswer, ShadowTrial

EXAMPLES = 20


@dataclass(frozen=True, kw_only=True)
class Row:
    """A tag: how many messages the candidate alone would give it, or the live version alone."""

    tag: str
    gained: int
    lost: int
    candidate_right: int  # of those, where a review says so
    live_right: int


@dataclass(frozen=True, kw_only=True)
class Summary:
    answered: int
    differing: int
    rows: list[Row]
    examples: list[ShadowAnswer]  # the newest that differ

    @property
    def widest(self) -> int:
        """The largest count, for bars beside one another."""
        return max((max(row.gained, row.lost) for row in self.rows), default=0) or 1


def summary(trial: ShadowTrial) -> Summary:
    answers = trial.answers.all()
    differing = list(
        answers.filter(differs=True)
        .select_related("message__conversation")
        .prefetch_related("message__predicted_tags", "message__reviews")
        .order_by("-pk")
    )
    return Summary(
        answered=answers.count(),
        differing=len(differing),
        rows=_rows(trial, differing),
        examples=differing[:EXAMPLES],
    )


def _rows(trial: ShadowTrial, differing: list[ShadowAnswer]) -> list[Row]:
    counts: dict[str, Counter[str]] = {tag: Counter() for tag in trial.version.tags}
    for answer in differing:
        live = {one.tag_id for one in answer.message.predicted_tags.all()}
        holding = answer.message.holding
        for tag in live ^ set(answer.tags):
            by_candidate = tag in answer.tags
            counter = counts.setdefault(tag, Counter())
            counter["gained" if by_candidate else "lost"] += 1
            if holding is not None and tag in holding.labelled_for:
                right = (tag in holding.tags) == by_candidate
                counter["candidate_right" if right else "live_right"] += 1
    return [
        Row(
            tag=tag,
            gained=found["gained"],
            lost=found["lost"],
            candidate_right=found["candidate_right"],
            live_right=found["live_right"],
        )
        for tag, found in counts.items()
    ]
