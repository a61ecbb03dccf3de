"""Where a candidate in trial answers otherwise than what was live, tag by tag."""

from dataclasses import dataclass

from django.db import connection

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


_ROWS = """
    WITH differing AS (
        SELECT message_id, tags FROM conversations_shadowanswer WHERE trial_id = %s AND differs
    ), candidate AS (
        SELECT message_id, jsonb_array_elements_text(tags) AS tag FROM differing
    ), live AS (
        SELECT message_id, tag_id AS tag
        FROM differing JOIN conversations_predictedtag USING (message_id)
    ), apart AS (
        SELECT message_id, tag, candidate.tag IS NOT NULL AS gained
        FROM candidate FULL JOIN live USING (message_id, tag)
        WHERE candidate.tag IS NULL OR live.tag IS NULL
    ), judged AS (
        SELECT apart.tag, gained, (review.tags ? apart.tag) = gained AS candidate_right
        FROM apart LEFT JOIN LATERAL (
            SELECT tags, labelled_for FROM conversations_review
            WHERE message_id = apart.message_id AND withdrawn_at IS NULL ORDER BY id DESC LIMIT 1
        ) AS review ON review.labelled_for ? apart.tag
    )
    SELECT tag,
        count(*) FILTER (WHERE gained),
        count(*) FILTER (WHERE NOT gained),
        count(*) FILTER (WHERE candidate_right),
        count(*) FILTER (WHERE NOT candidate_right)
    FROM judged GROUP BY tag
"""


def summary(trial: ShadowTrial) -> Summary:
    """Counted by Postgres, for a long trial has a million answers."""
    differing = trial.answers.filter(differs=True)
    return Summary(
        answered=trial.answers.count(),
        differing=differing.count(),
        rows=_rows(trial),
        examples=list(
            differing.select_related("message__conversation")
            .prefetch_related("message__predicted_tags", "message__reviews")
            .order_by("-pk")[:EXAMPLES]
        ),
    )


def _rows(trial: ShadowTrial) -> list[Row]:
    """The candidate's tags in their order, then those that it does not know."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [trial.pk])
        found = {tag: counts for tag, *counts in cursor.fetchall()}
    names = dict.fromkeys([*trial.version.tags, *sorted(found)])
    return [
        Row(tag=tag, gained=gained, lost=lost, candidate_right=right, live_right=wrong)
        for tag in names
        for gained, lost, right, wrong in [found.get(tag, (0, 0, 0, 0))]
    ]
