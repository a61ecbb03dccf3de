"""The statements of deriving a history again, written by hand: read a stretch, change what differs.

Composing them by the ORM took longer than running them. Those of posting: `storing.py`.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

from django.db import connection

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
            parsed_stages(stages),
            json.loads(probabilities),
            (tag, confidence),
            None if switch_from is None else (switch_from, switch_to),
            predicted,
            reviewed_as,
        )


@functools.lru_cache(maxsize=16)
def parsed_stages(text: str | None) -> dict[str, int] | None:
    """Parsed once for all the messages that share it; nobody changes it."""
    return None if text is None else cast("dict[str, int]", json.loads(text))


# The tags predicted for a `message`, and those of the review that holds, if they still exist.
TAGS = """
    ARRAY(
        SELECT tag_id FROM conversations_predictedtag WHERE message_id = message.id
    ) AS predicted,
    (
        SELECT ARRAY(SELECT name FROM classifier_tag WHERE tags ? name)
        FROM conversations_review
        WHERE message_id = message.id AND withdrawn_at IS NULL ORDER BY id DESC LIMIT 1
    ) AS reviewed_as
"""

_STRETCH = f"""
    SELECT message.id, position, rule, threshold, stages, probabilities, conversation_tag_id,
        conversation_tag_confidence, switch.from_tag_id, switch.to_tag_id, {TAGS}
    FROM conversations_message AS message
    LEFT JOIN conversations_tagswitch AS switch ON switch.message_id = message.id
    WHERE message.conversation_id = %s AND position > %s
    ORDER BY position LIMIT %s
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
