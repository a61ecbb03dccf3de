"""How long the staff's list of conversations takes over a large table: each filter and search.

Fills a database of its own with messages made of invented words, asks for the pages as a browser
does, and prints the time of each with the indexes that its statements used. Where others keep the
cores busy, the processor's time (of Python and of Postgres) tells more than the clock.

    .venv/bin/python benchmarks/staff_list.py --messages 1000000
"""

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("--messages", type=int, default=1_000_000)
arguments.add_argument("--home", type=Path, help="keep the database here, or use the one there")
arguments.add_argument("--repeat", type=int, default=5)
options = arguments.parse_args()
home = options.home or Path(tempfile.mkdtemp(prefix="beez-staff-list-"))
home.mkdir(parents=True, exist_ok=True)
home.chmod(0o755)  # Postgres, started by root, runs as somebody else
os.environ |= {"BEEZ_HOME": str(home), "DATABASE_URL": "", "REDIS_URL": "", "HTTPS": ""}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")

import django
import psutil

from beez.launch import local

local.prepare_environment()
django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment
from django.utils import timezone

from classifier.models import ModelVersion, Tag
from conversations import consequences
from conversations.models import Conversation, Message

PAGE = "/admin/conversations/conversation/"
MESSAGES_EACH = 20 / 3  # 150,000 conversations for a million messages
WORDS = 20_000
DAYS = 400
UNTAGGED, SWITCHES, DOUBTFUL, REVIEWED, CORRECTED, SAMPLED = 0.5, 0.3, 0.05, 0.01, 0.2, 0.1
MESSAGE = (
    "id, conversation_id, position, text, probabilities, thresholds, threshold, unsure, "
    "uncertainty, sampled, reviewed, model_version_id, rule, conversation_tag_id, created_at"
)
SETTLE = """
    SELECT setval('conversations_message_id_seq', (SELECT max(id) FROM conversations_message));
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
    INSERT INTO conversations_review
        (message_id, tags, labelled_for, said, agrees, chosen, note, actor, withdrawn_by,
        created_at)
    SELECT id, '[]', '[]', '[]', random() >= %(corrected)s, 'reading', '', 'anna', '', created_at
    FROM conversations_message WHERE reviewed;
"""


def main() -> None:
    call_command("migrate", verbosity=0)
    if not Conversation.objects.exists():
        print(f"Filling {options.messages:,} messages takes a while.", flush=True)
        fill(options.messages)
    print(f"{Message.objects.count():,} messages in {Conversation.objects.count():,} conversations")
    print("\n| page | median ms | worst ms | processor ms | found | indexes |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    setup_test_environment()  # responses tell what they show
    client = Client()
    client.force_login(User.objects.get(username="benchmark"))
    for label, query in pages():
        print(f"| {label} | {row(client, query)} |", flush=True)
    thresholds()
    inserts()


def fill(count: int) -> None:
    User.objects.create_superuser("benchmark")
    version = ModelVersion.objects.create(
        name="benchmark", base_model="none", tags=[], threshold=0.5
    )
    tags = list(Tag.objects.values_list("name", flat=True))
    definitions = _without_slow_indexes()
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # rows come before what they name
        with cursor.copy(f"COPY conversations_message ({MESSAGE}) FROM STDIN") as copy:
            for message in messages(count, tags, version.pk):
                copy.write_row(message)
        cursor.execute(SETTLE, {"corrected": CORRECTED})
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


def pages() -> Iterator[tuple[str, dict[str, str]]]:
    tags = list(Tag.objects.values_list("name", flat=True))
    day = (timezone.now() - timedelta(days=30)).date().isoformat()
    yield "the list", {}
    yield "its tenth page", {"p": "10"}
    yield "sorted by tag", {"o": "2"}
    yield "sorted by messages", {"o": "-3"}
    for value in ("yes", "no"):
        yield f"to check: {value}", {"review": value}
        yield f"reviewed: {value}", {"reviewed": value}
        yield f"corrected: {value}", {"corrected": value}
    yield "tag", {"tag__name__exact": tags[1]}
    yield "no tag", {"tag__isnull": "True"}
    for value in ("today", "7", "30", "yes", "no"):
        yield f"switched: {value}", {"switched": value}
    yield "was a tag", {"was": tags[1]}
    yield "was, later another", {"was": tags[1], "later": tags[4]}
    yield "was, later the same", {"was": tags[1], "later": tags[1]}
    yield "was, later no tag", {"was": tags[1], "later": "none"}
    yield "up to a day", {"until": day}
    yield "id", {"q": "customer-77777"}
    yield "beginning of an id", {"q": "customer-777"}
    yield "beginning of every id", {"q": "cust"}
    for rank in (0, 10, 100, 1_000, 15_000):
        yield f"word number {rank + 1}", {"q": f"w{rank} "}
    yield "beginning of many words", {"q": "w1"}
    yield "beginning of every word", {"q": "w"}
    yield "two common words", {"q": "w0 w1"}
    yield "a common and a rare word", {"q": "w0 w15000"}
    yield "two rare words", {"q": "w9000 w15000"}
    yield "a word that is nowhere", {"q": "nowhere"}
    yield "all together", {
        "q": "w3", "reviewed": "yes", "review": "yes", "was": tags[1], "later": tags[4]
    }  # fmt: skip
    yield "corrected, a common word", {"q": "w0", "corrected": "yes"}


def row(client: Client, query: dict[str, str]) -> str:
    """Cells: median and worst time, the processor's, rows counted, and indexes used."""
    times, busy = [], processor()
    for _ in range(options.repeat):
        started = time.perf_counter()
        response = client.get(PAGE, query)
        times.append((time.perf_counter() - started) * 1000)
        assert response.status_code == 200, (query, response.status_code)
    busy = (processor() - busy) * 1000 / options.repeat
    shown = response.context["cl"]
    found = shown.paginator.total.split(";")[0].removesuffix(" conversations")
    if response.context["messages"]:
        found = " ".join(map(str, response.context["messages"]))
    with CaptureQueriesContext(connection) as captured:
        client.get(PAGE, query)
    used = ", ".join(sorted(indexes(captured.captured_queries)))
    return f"{statistics.median(times):.0f} | {max(times):.0f} | {busy:.0f} | {found} | {used}"


def processor() -> float:
    """Seconds that this process and its Postgres (but for parallel helpers) have computed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return time.process_time() + backend.user + backend.system


def indexes(queries: list[dict[str, str]]) -> set[str]:
    """Names of the indexes, and of the tables read in full, in the plans of the list's queries."""
    names: set[str] = set()
    for query in queries:
        if not (query["sql"].startswith("SELECT") and "conversations_" in query["sql"]):
            continue
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (FORMAT JSON) " + query["sql"].replace("%", "%%"), None)
            names |= set(_names(cursor.fetchone()[0][0]["Plan"]))
    return names


def _names(plan: dict[str, Any]) -> Iterator[str]:
    if "Index Name" in plan:
        yield plan["Index Name"].removeprefix("conversations_")
    elif plan["Node Type"] == "Seq Scan":
        yield f"all of {plan['Relation Name'].removeprefix('conversations_')}"
    for part in plan.get("Plans", []):
        yield from _names(part)


def thresholds() -> None:
    """What a change of every threshold would do to the last messages."""
    tags = list(Tag.objects.values_list("name", flat=True))
    started, busy = time.perf_counter(), processor()
    for _ in range(options.repeat):
        consequences.foresee(dict.fromkeys(tags, 0.5), dict.fromkeys(tags, 0.6))
    taken = (time.perf_counter() - started) * 1000 / options.repeat
    busy = (processor() - busy) * 1000 / options.repeat
    print(f"\nWhat thresholds would do: {taken:.0f} ms, processor {busy:.0f} ms")


def inserts() -> None:
    """What the index of words costs a message that comes: the same insertions without it."""
    copied = "conversation_id, position + 1000000"
    kept = ", ".join(MESSAGE.split(", ")[3:])
    statement = (
        f"INSERT INTO conversations_message (conversation_id, position, {kept}) "
        f"SELECT {copied}, {kept} FROM conversations_message WHERE id > %s ORDER BY id LIMIT 5000"
    )
    newest = Message.objects.order_by("-pk").values_list("pk", flat=True)[0]
    taken = {}
    with connection.cursor() as cursor:
        for case in ("with", "without"):
            with transaction.atomic():
                if case == "without":
                    cursor.execute("DROP INDEX message_words")
                busy = processor()
                cursor.execute(statement, [newest - 5000])
                taken[case] = (processor() - busy) / 5000 * 1e6
                transaction.set_rollback(True)
    print("A stored message: " + ", ".join(f"{taken[one]:.0f} µs {one} the index" for one in taken))


try:
    main()
finally:
    if options.home is None:
        shutil.rmtree(home, ignore_errors=True)
