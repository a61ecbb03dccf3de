"""Fills an empty database with messages of invented words, in conversations that go on at once."""

import json
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from classifier.models import ModelVersion, Tag

MESSAGES_EACH = 20 / 3  # 300,000 conversations for two million messages
WORDS = 20_000
DAYS = 400
UNTAGGED, SWITCHES, DOUBTFUL, REVIEWED, CORRECTED, SAMPLED = 0.5, 0.3, 0.05, 0.01, 0.2, 0.1
MESSAGE = (
    "id, conversation_id, position, text, probabilities, thresholds, threshold, unsure, "
    "uncertainty, sampled, reviewed, model_version_id, rule, conversation_tag_id, created_at"
)
SETTLE = """
    INSERT INTO conversations_predictedtag (message_id, tag_id, confidence)
    SELECT id, conversation_tag_id, 0.9 FROM conversations_message
    WHERE conversation_tag_id IS NOT NULL;
    SELECT setval('conversations_message_id_seq', max(id)) FROM conversations_message;
    INSERT INTO conversations_tagswitch
        (conversation_id, message_id, from_tag_id, to_tag_id, created_at)
    SELECT conversation_id, id, before, conversation_tag_id, created_at FROM (
        SELECT *, lag(conversation_tag_id) OVER (PARTITION BY conversation_id ORDER BY position)
            AS before FROM conversations_message
    ) AS message
    WHERE before IS NOT NULL AND conversation_tag_id IS DISTINCT FROM before;
    INSERT INTO conversations_conversation (
        id, conversation_id, tag_id, message_count, last_switch_at, created_at, updated_at
    )
    OVERRIDING SYSTEM VALUE
    SELECT message.conversation_id, 'customer-' || message.conversation_id, conversation_tag_id,
        position, (
            SELECT max(created_at) FROM conversations_tagswitch AS switch
            WHERE switch.conversation_id = message.conversation_id
        ), created_at, created_at
    FROM (
        SELECT DISTINCT ON (conversation_id) * FROM conversations_message
        ORDER BY conversation_id, position DESC
    ) AS message;
    SELECT setval('conversations_conversation_id_seq', max(id)) FROM conversations_conversation;
    INSERT INTO conversations_review
        (message_id, tags, labelled_for, said, agrees, chosen, note, actor, withdrawn_by,
        created_at)
    SELECT id, '[]', '[]', '[]', random() >= %(corrected)s, 'reading', '', 'anna', '', created_at
    FROM conversations_message WHERE reviewed;
"""


def fill(count: int) -> None:
    """`count` messages in conversations of `MESSAGES_EACH` on average, over the last DAYS days."""
    version = ModelVersion.objects.create(
        name="benchmark", base_model="none", tags=[], threshold=0.5
    )
    tags = list(Tag.objects.values_list("name", flat=True))
    definitions = _without_slow_indexes()
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # rows come before what they name
        with cursor.copy(f"COPY conversations_message ({MESSAGE}) FROM STDIN") as copy:
            rows = messages(count, tags, version.pk)
            for message in tqdm(rows, total=count, unit="message", unit_scale=True):
                copy.write_row(message)
        for statement in filter(str.strip, SETTLE.split(";")):
            cursor.execute("ANALYZE")  # or the next statement is planned for empty tables
            cursor.execute(statement, {"corrected": CORRECTED} if "%(" in statement else None)
        cursor.execute("SET session_replication_role = origin")
        print(f"filled in {time.perf_counter() - started:.0f} s", flush=True)
        for name, definition in definitions.items():
            started = time.perf_counter()
            cursor.execute(definition)
            print(f"index {name} built in {time.perf_counter() - started:.1f} s", flush=True)
        cursor.execute("VACUUM (ANALYZE)")


def _without_slow_indexes() -> dict[str, str]:
    """Drop the index of words, which is faster built at once; how it is made again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef('message_words'::regclass)")
        (definition,) = cursor.fetchone()
        cursor.execute("DROP INDEX message_words")
    return {"message_words": definition}


def messages(count: int, tags: list[str], version: int) -> Iterator[tuple[Any, ...]]:
    """Rows of `count` messages, in conversations that go on at the same time."""
    chance = random.Random(1)
    words = [f"w{number}" for number in range(WORDS)]
    weights = [1 / (rank + 1) for rank in range(WORDS)]  # Zipf's law
    cumulative = list(_running(weights))
    thresholds = json.dumps(dict.fromkeys(tags, 0.5))
    conversations = max(1, round(count / MESSAGES_EACH))
    standing: dict[int, tuple[int, str | None]] = {}
    start, apart = timezone.now() - timedelta(days=DAYS), timedelta(days=DAYS) / count
    for number in range(1, count + 1):
        conversation = min(conversations, number * conversations // count + chance.randrange(1, 50))
        position, tag = standing.get(conversation, (0, None))
        if position == 0 or chance.random() < SWITCHES:
            tag = None if chance.random() < UNTAGGED else chance.choice(tags)
        standing[conversation] = position + 1, tag
        probabilities = {name: round(chance.betavariate(0.3, 1.5), 4) for name in tags}
        text = " ".join(chance.choices(words, cum_weights=cumulative, k=chance.randrange(3, 25)))
        yield (
            number, conversation, position + 1, text, json.dumps(probabilities), thresholds, 0.5,
            chance.random() < DOUBTFUL, chance.random(), chance.random() < SAMPLED,
            chance.random() < REVIEWED, version, "newest", tag, start + apart * number,
        )  # fmt: skip


def _running(values: list[float]) -> Iterator[float]:
    total = 0.0
    for value in values:
        total += value
        yield total
