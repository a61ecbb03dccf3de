"""The statements of posting a message, by hand: look at the conversation, store the message.

A caller waits for both. The first takes no lock. The second stores nothing where the conversation
is no longer as it was seen, and so needs no transaction around it: it ends with the one flush.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from beez.database import limits
from beez.database.prepared import Ahead, Prepared
from beez.webhooks import outbox
from conversations.models import Message
from conversations.rows import TAGS, Ends, parsed_stages
from conversations.tagging import WINDOW


@dataclass(frozen=True, slots=True)
class Recent:
    """One of the last messages, as far as the rule and the answer need it."""

    text: str
    probabilities: dict[str, float]
    conversation_tag_id: str | None
    predicted: list[str]
    reviewed_as: list[str] | None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A conversation as it stood at a moment, and the stage of every tag.

    `pk` and `version` are None where there is none yet; every change of its row, a review too,
    makes another version. `repeated` is the message that came with the asked id before.
    """

    name: str
    pk: int | None
    version: str | None
    customer_id: str | None
    tag: str | None
    message_count: int
    stages: dict[str, int]
    until: str | None
    repeated: int | None
    recent: list[Recent]


# `until` is by Postgres's own clock: nobody waits any longer for a statement that comes after it.
_LOOK = Ahead(f"""
    SELECT conversation.id, conversation.xmin::text, conversation.customer_id, conversation.tag_id,
        conversation.message_count, (SELECT jsonb_object_agg(name, stage) FROM classifier_tag),
        (clock_timestamp() + make_interval(secs => %(seconds)s::float8))::text,
        (
            SELECT id FROM conversations_message AS equal
            WHERE equal.conversation_id = conversation.id AND equal.message_id = %(message_id)s
        ),
        message.text, message.probabilities, message.conversation_tag_id, {TAGS}
    FROM (VALUES (0)) AS always
    LEFT JOIN conversations_conversation AS conversation
        ON conversation.conversation_id = %(name)s
    LEFT JOIN conversations_message AS message
        ON message.conversation_id = conversation.id
        AND message.position > conversation.message_count - {WINDOW - 1}
    ORDER BY message.position
""")

# The update only takes the row's lock.
_LOCK = """
    INSERT INTO conversations_conversation AS conversation
        (conversation_id, message_count, created_at, updated_at)
    VALUES (%s, 0, now(), now())
    ON CONFLICT (conversation_id) DO UPDATE SET message_count = conversation.message_count
"""

# Whoever changes the conversation meanwhile holds this up, and then it finds another version.
_GOES_ON = """
    UPDATE conversations_conversation SET
        customer_id = coalesce(customer_id, %(customer)s),
        tag_id = %(tag)s,
        tag_confidence = %(confidence)s,
        message_count = %(position)s,
        updated_at = %(now)s,
        last_switch_at = CASE WHEN %(switched)s THEN %(now)s ELSE last_switch_at END
    WHERE id = %(conversation)s AND xmin = %(version)s::xid
        AND message_count = %(position)s - 1
        AND (%(until)s::timestamptz IS NULL OR clock_timestamp() < %(until)s)
    RETURNING id
"""

_BEGINS = """
    INSERT INTO conversations_conversation (
        conversation_id, customer_id, tag_id, tag_confidence, message_count, created_at, updated_at
    )
    SELECT %(name)s, %(customer)s, %(tag)s, %(confidence)s, 1, %(now)s, %(now)s
    WHERE %(until)s::timestamptz IS NULL OR clock_timestamp() < %(until)s
    ON CONFLICT (conversation_id) DO NOTHING
    RETURNING id
"""

_MESSAGE = f"""
    message AS (
        INSERT INTO conversations_message (
            conversation_id, position, text, message_id, probabilities, thresholds, threshold,
            stages, unsure, uncertainty, sampled, model_version_id, rule, conversation_tag_id,
            conversation_tag_confidence, created_at, sent_at
        )
        SELECT
            conversation.id, %(position)s, %(text)s, %(message_id)s, %(probabilities)s,
            %(thresholds)s, %(threshold)s, %(stages)s, %(unsure)s, %(uncertainty)s, %(sampled)s,
            %(model_version)s, %(rule)s, %(tag)s, %(confidence)s, %(now)s, %(sent_at)s
        FROM conversation
        RETURNING id, conversation_id
    ), predicted AS (
        INSERT INTO conversations_predictedtag (message_id, tag_id, confidence)
        SELECT message.id, selected.tag, selected.confidence FROM message,
            unnest(%(selected)s::text[], %(confidences)s::float8[]) AS selected (tag, confidence)
    ), switch AS (
        INSERT INTO conversations_tagswitch
            (conversation_id, message_id, from_tag_id, to_tag_id, created_at)
        SELECT message.conversation_id, message.id, %(from_tag)s, %(tag)s, %(now)s FROM message
        WHERE %(switched)s
    ), {outbox.statement(given="EXISTS (SELECT FROM message)")}
    SELECT id, conversation_id, (SELECT count(*) FROM delivery) FROM message
"""
_GO_ON = Prepared(f"WITH conversation AS ({_GOES_ON}), {_MESSAGE}")
_BEGIN = Prepared(f"WITH conversation AS ({_BEGINS}), {_MESSAGE}")


def look(conversation_id: str, *, message_id: str | None = None) -> Seen:
    """The conversation and its last messages, in order; without a lock."""
    return looking(conversation_id, message_id=message_id)()


def looking(conversation_id: str, *, message_id: str | None = None) -> Callable[[], Seen]:
    """Begin to look; what comes back waits until Postgres has answered. Meanwhile there is time."""
    values = {"name": conversation_id, "message_id": message_id, "seconds": limits.deadline()}
    cursor = connection.cursor()
    cursor.execute(_LOOK, values)

    def seen() -> Seen:
        with cursor:
            return _seen(conversation_id, cursor.fetchall())

    return seen


def _seen(name: str, rows: list[tuple[Any, ...]]) -> Seen:
    pk, version, customer_id, tag, count, stages, until, repeated, *_ = rows[0]
    return Seen(
        name=name,
        pk=pk,
        version=version,
        customer_id=customer_id,
        tag=tag,
        message_count=count or 0,
        stages=parsed_stages(stages) or {},
        until=until,
        repeated=repeated,
        recent=[_recent(*row[8:]) for row in rows if row[8] is not None],
    )


def _recent(text: str, probabilities: str, *rest: Any) -> Recent:
    return Recent(text, json.loads(probabilities), *rest)


def lock(conversation_id: str) -> None:
    """Make the conversation's row, or wait for it; it is held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [conversation_id])


def store(
    message: Message,
    seen: Seen,
    *,
    customer_id: str | None,
    selected: list[tuple[str, float]],
    switch: Ends | None,
    told: Mapping[str, Any],
) -> bool:
    """Insert `message` with its predicted tags, the switch and what is `told` of it (parameters of
    `outbox.statement`), and make or update the conversation. False where that is no longer as it
    was seen, or the time is over: nothing is stored then."""
    values: dict[str, Any] = {
        "name": seen.name,
        "conversation": seen.pk,
        "version": seen.version,
        "until": seen.until,
        "customer": customer_id,
        "position": message.position,
        "text": message.text,
        "message_id": message.message_id,
        "probabilities": json.dumps(message.probabilities),
        "thresholds": json.dumps(message.thresholds),
        "threshold": message.threshold,
        "stages": json.dumps(message.stages),
        "unsure": message.unsure,
        "uncertainty": message.uncertainty,
        "sampled": message.sampled,
        "model_version": message.model_version_id,
        "rule": message.rule,
        "tag": message.conversation_tag_id,
        "confidence": message.conversation_tag_confidence,
        "now": message.created_at,
        "sent_at": message.sent_at,
        "selected": [tag for tag, _ in selected],
        "confidences": [confidence for _, confidence in selected],
        "switched": switch is not None,
        "from_tag": switch[0] if switch else None,
        **told,
    }
    with connection.cursor() as cursor:
        cursor.execute(_GO_ON if seen.pk else _BEGIN, values)
        stored = cursor.fetchone()
    if stored is None:
        return False
    message.pk, message.conversation_id, deliveries = stored
    outbox.recorded(deliveries)
    message._state.adding = False
    return True
