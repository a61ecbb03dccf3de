"""The statements of posting a message and of deriving a history again, written by hand.

A caller waits for each of them, and composing them by the ORM took longer than running them:
lock the conversation, read its last messages, store the new one with all that follows from it;
read a stretch of a history, and change what differs.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypedDict, cast

from django.db import connection

from beez.webhooks import outbox
from conversations.models import Message, TagSwitch

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class Tags(TypedDict):
        predicted: list[str]
        reviewed_as: list[str] | None

    MessageWithTags = WithAnnotations[Message, Tags]


@dataclass(frozen=True, kw_only=True)
class Locked:
    """A conversation's row, held until the transaction ends, and the stage of every tag."""

    pk: int
    customer_id: str | None
    tag: str | None
    message_count: int
    stages: dict[str, int]


Outcome = tuple[str | None, float | None]  # the conversation's tag after a message
Ends = tuple[str, str | None]  # of a switch


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored message without its text, and what follows from it as it is stored.

    A tenth of the time that making a `Message` takes, where a history has a hundred thousand.
    """

    pk: int
    position: int
    rule: str
    threshold: float
    stages: dict[str, int] | None
    probabilities: dict[str, float]
    outcome: Outcome
    switch: Ends | None
    predicted: list[str]
    reviewed_as: list[str] | None

    @property
    def conversation_tag_id(self) -> str | None:
        return self.outcome[0]

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """From a row of `_STRETCH`."""
        pk, position, rule, threshold, stages, probabilities, *rest = row
        tag, confidence, switch_from, switch_to, predicted, reviewed_as = rest
        return cls(
            pk,
            position,
            rule,
            threshold,
            _stages(stages),
            json.loads(probabilities),
            (tag, confidence),
            None if switch_from is None else (switch_from, switch_to),
            predicted,
            reviewed_as,
        )


@functools.lru_cache(maxsize=16)
def _stages(text: str | None) -> dict[str, int] | None:
    """Parsed once for all the messages that share it; nobody changes it."""
    return None if text is None else cast("dict[str, int]", json.loads(text))


# The update takes the row's lock and lets RETURNING see the row; all that it may change is a
# customer's id that nobody had said.
_LOCK = """
    INSERT INTO conversations_conversation AS conversation
        (conversation_id, customer_id, message_count, created_at, updated_at)
    VALUES (%s, %s, 0, now(), now())
    ON CONFLICT (conversation_id) DO UPDATE
        SET customer_id = coalesce(conversation.customer_id, excluded.customer_id)
    RETURNING id, customer_id, tag_id, message_count,
        (SELECT jsonb_object_agg(name, stage) FROM classifier_tag)
"""

_TAGS = """
    ARRAY(
        SELECT tag_id FROM conversations_predictedtag WHERE message_id = message.id
    ) AS predicted,
    (
        SELECT ARRAY(SELECT name FROM classifier_tag WHERE tags ? name)
        FROM conversations_review
        WHERE message_id = message.id AND withdrawn_at IS NULL ORDER BY id DESC LIMIT 1
    ) AS reviewed_as
"""

_MESSAGES = f"""
    SELECT message.*, {_TAGS} FROM conversations_message AS message
    WHERE conversation_id = %s AND (position > %s OR message_id = %s)
    ORDER BY position
"""

_STRETCH = f"""
    SELECT message.id, position, rule, threshold, stages, probabilities, conversation_tag_id,
        conversation_tag_confidence, switch.from_tag_id, switch.to_tag_id, {_TAGS}
    FROM conversations_message AS message
    LEFT JOIN conversations_tagswitch AS switch ON switch.message_id = message.id
    WHERE message.conversation_id = %s AND position > %s
    ORDER BY position LIMIT %s
"""

_STORE = f"""
    WITH message AS (
        INSERT INTO conversations_message (
            conversation_id, position, text, message_id, probabilities, thresholds, threshold,
            stages, unsure, uncertainty, sampled, model_version_id, rule, conversation_tag_id,
            conversation_tag_confidence, created_at, sent_at
        )
        VALUES (
            %(conversation)s, %(position)s, %(text)s, %(message_id)s, %(probabilities)s,
            %(thresholds)s, %(threshold)s, %(stages)s, %(unsure)s, %(uncertainty)s, %(sampled)s,
            %(model_version)s, %(rule)s, %(tag)s, %(confidence)s, %(now)s, %(sent_at)s
        )
        RETURNING id
    ), predicted AS (
        INSERT INTO conversations_predictedtag (message_id, tag_id, confidence)
        SELECT message.id, selected.tag, selected.confidence FROM message,
            unnest(%(selected)s::text[], %(confidences)s::float8[]) AS selected (tag, confidence)
    ), switch AS (
        INSERT INTO conversations_tagswitch
            (conversation_id, message_id, from_tag_id, to_tag_id, created_at)
        SELECT %(conversation)s, message.id, %(from_tag)s, %(tag)s, %(now)s FROM message
        WHERE %(switched)s
    ), {outbox.STATEMENT}
    UPDATE conversations_conversation SET
        tag_id = %(tag)s,
        tag_confidence = %(confidence)s,
        message_count = %(position)s,
        updated_at = %(now)s,
        last_switch_at = CASE WHEN %(switched)s THEN %(now)s ELSE last_switch_at END
    WHERE id = %(conversation)s
    RETURNING (SELECT id FROM message), (SELECT count(*) FROM delivery)
"""

_CHANGE = """
    WITH given AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(tags)s::text[], %(confidences)s::float8[])
            AS given (id, tag, confidence)
    )
    UPDATE conversations_message AS message
    SET conversation_tag_id = given.tag, conversation_tag_confidence = given.confidence
    FROM given WHERE message.id = given.id
"""

_SWITCH = """
    INSERT INTO conversations_tagswitch
        (conversation_id, message_id, from_tag_id, to_tag_id, created_at)
    SELECT message.conversation_id, message.id, given.from_tag, given.to_tag, message.created_at
    FROM unnest(%(ids)s::bigint[], %(from)s::text[], %(to)s::text[])
        AS given (id, from_tag, to_tag)
    JOIN conversations_message AS message ON message.id = given.id
    ON CONFLICT (message_id)
        DO UPDATE SET from_tag_id = excluded.from_tag_id, to_tag_id = excluded.to_tag_id
"""

_UNSWITCH = "DELETE FROM conversations_tagswitch WHERE message_id = ANY(%s)"


def lock(conversation_id: str, *, customer_id: str | None = None) -> Locked:
    """Get or make the conversation's row and lock it, in one round trip.

    `customer_id` is set where there was none; what stands there is never changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [conversation_id, customer_id])
        pk, customer, tag, message_count, stages = cursor.fetchone()
    return Locked(
        pk=pk,
        customer_id=customer,
        tag=tag,
        message_count=message_count,
        stages=json.loads(stages),
    )


def messages(
    conversation: int, *, after: int = 0, message_id: str | None = None
) -> "list[MessageWithTags]":
    """The conversation's messages past position `after`, and that of `message_id`, in order.

    Each has the tags predicted for it and those of the review that holds, if they still exist.
    """
    found = list(Message.objects.raw(_MESSAGES, [conversation, after, message_id]))
    return cast("list[MessageWithTags]", found)


def store(
    message: Message,
    *,
    selected: list[tuple[str, float]],
    switch: TagSwitch | None,
    told: Mapping[str, Any],
) -> None:
    """Insert `message` with its predicted tags, the switch and what is `told` of it (parameters of
    `outbox.STATEMENT`), and update the conversation."""
    values: dict[str, Any] = {
        "conversation": message.conversation_id,
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
        "from_tag": switch.from_tag_id if switch else None,
        **told,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STORE, values)
        message.pk, deliveries = cursor.fetchone()
    outbox.recorded(deliveries)
    message._state.adding = False


def stretch(conversation: int, *, after: int = 0, limit: int | None = None) -> list[Recorded]:
    """What a history is derived from, of the messages past position `after`, at most `limit`."""
    with connection.cursor() as cursor:
        cursor.execute(_STRETCH, [conversation, after, limit])
        return [Recorded.of(row) for row in cursor.fetchall()]


def change(outcomes: Mapping[int, Outcome]) -> None:
    """Write the conversation's tag after a message, by the message's key."""
    _execute(_CHANGE, outcomes, "tags", "confidences")


def change_switches(switches: Mapping[int, Ends | None]) -> None:
    """Write the switch at a message, by the message's key; None: there is none."""
    _execute(_SWITCH, {key: ends for key, ends in switches.items() if ends}, "from", "to")
    if gone := [key for key, ends in switches.items() if ends is None]:
        with connection.cursor() as cursor:
            cursor.execute(_UNSWITCH, [gone])


def _execute(statement: str, pairs: Mapping[int, tuple[Any, Any]], *names: str) -> None:
    """The statement with `ids` and two columns of values; nothing where there are no pairs."""
    if pairs:
        columns = zip(*pairs.values(), strict=True)
        values = {"ids": list(pairs)} | dict(zip(names, map(list, columns), strict=True))
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
