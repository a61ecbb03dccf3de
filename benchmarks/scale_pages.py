"""How long each staff page and each reading route takes over the database of a BEEZ_HOME.

Asked in this process, so that the processor's time of Python and of Postgres can be told: where
others keep the cores busy, that says more than the clock. `scale.py` runs it; by hand:

    BEEZ_HOME=FOLDER .venv/bin/python benchmarks/scale_pages.py --json pages.json
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")

import django
import psutil

from beez.launch import local

local.prepare_environment()
django.setup()

import scale_data
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment
from django.utils import timezone
from tqdm import tqdm

from beez.api import keys
from classifier.models import ModelVersion, Tag
from conversations.models import Conversation

LIST = "/admin/conversations/conversation/"
Query = dict[str, str]


def main() -> None:
    options = _options()
    if options.fill and not Conversation.objects.exists():
        scale_data.fill(options.fill)
    User.objects.filter(username="benchmark").exists() or User.objects.create_superuser("benchmark")
    setup_test_environment()  # responses tell what they show
    ask = _browser(options.key)
    asked = [*pages(), *routes()]
    rows = [
        row(label, lambda url=url, query=query: ask(url, query), repeat=options.repeat)
        for label, url, query in tqdm(asked, unit="page")
    ]
    options.json.write_text(json.dumps(rows, indent=1))


def pages() -> Iterator[tuple[str, str, Query]]:
    yield "overview", "/admin/", {}
    yield "playground", "/", {}
    yield "review queue", "/admin/review/", {}
    for name in ("classifier/tag", "classifier/modelversion", "classifier/activation"):
        yield name.partition("/")[2], f"/admin/{name}/", {}
    for name in ("trainingrun", "dataset", "comparison"):
        yield name, f"/admin/training/{name}/", {}
    if version := ModelVersion.objects.exclude(name="benchmark").first():
        yield "a model version", f"/admin/classifier/modelversion/{version.pk}/change/", {}
    if conversation := Conversation.objects.order_by("-message_count").first():
        yield "the longest conversation", f"{LIST}{conversation.pk}/change/", {}
    for label, query in listed():
        yield f"list, {label}", LIST, query


def listed() -> Iterator[tuple[str, Query]]:
    tags = list(Tag.objects.values_list("name", flat=True))
    day = (timezone.now() - timedelta(days=30)).date().isoformat()
    yield "unfiltered", {}
    yield "tenth page", {"p": "10"}
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


def routes() -> Iterator[tuple[str, str, Query]]:
    tags = list(Tag.objects.values_list("name", flat=True))
    day = (timezone.now() - timedelta(days=30)).isoformat()
    yield "GET /status", "/status", {}
    yield "GET /models", "/models", {}
    yield "GET /thresholds", "/thresholds", {}
    if conversation := Conversation.objects.order_by("-message_count").first():
        yield "GET /conversation/{id}", f"/conversation/{conversation.conversation_id}", {}
    yield "GET /conversations", "/conversations", {}
    for name in ("review", "reviewed", "corrected", "switched"):
        for value in ("true", "false"):
            yield f"GET /conversations?{name}={value}", "/conversations", {name: value}
    yield "GET /conversations?tag", "/conversations", {"tag": tags[1]}
    yield "GET /conversations?was&later", "/conversations", {"was": tags[1], "later": tags[4]}
    yield "GET /conversations?until", "/conversations", {"until": day}
    yield "GET /conversations?sent_since", "/conversations", {"sent_since": day}


def _browser(key: str) -> Callable[[str, Query], Any]:
    staff, caller = Client(), Client(headers={"authorization": f"Bearer {key}"})
    staff.force_login(User.objects.get(username="benchmark"))

    def ask(url: str, query: Query) -> Any:
        client = staff if url == "/" or url.startswith("/admin/") else caller
        return client.get(url, query)

    return ask


def row(label: str, ask: Callable[[], Any], *, repeat: int) -> dict[str, Any]:
    """Milliseconds of the clock and of the processor, statuses, and the plans of what was read."""
    times, statuses, busy = [], set(), processor()
    for _ in range(repeat):
        cache.clear()  # the figures of the overview are remembered for a minute
        started = time.perf_counter()
        statuses.add(ask().status_code)
        times.append((time.perf_counter() - started) * 1000)
    busy = (processor() - busy) * 1000 / repeat
    with CaptureQueriesContext(connection) as captured:
        ask()
    plans = [plan for query in captured.captured_queries if (plan := explained(query["sql"]))]
    return {
        "page": label,
        "median": statistics.median(times),
        "worst": max(times),
        "processor": busy,
        "statuses": sorted(statuses),
        "indexes": sorted({name for plan in plans for name in names(plan)}),
        "plans": plans,
    }


def processor() -> float:
    """Seconds that this process and its Postgres (but for parallel helpers) have computed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return time.process_time() + backend.user + backend.system


def explained(sql: str) -> dict[str, Any] | None:
    """The plan of a statement that reads conversations."""
    if not (sql.startswith("SELECT") and "conversations_" in sql):
        return None
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + sql.replace("%", "%%"), None)
        plan: dict[str, Any] = cursor.fetchone()[0][0]["Plan"]
    return plan


def names(plan: dict[str, Any]) -> Iterator[str]:
    """Indexes that a plan uses, and tables that it reads in full."""
    if "Index Name" in plan:
        yield plan["Index Name"].removeprefix("conversations_")
    elif plan["Node Type"] == "Seq Scan":
        yield f"all of {plan['Relation Name'].removeprefix('conversations_')}"
    for part in plan.get("Plans", []):
        yield from names(part)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, required=True, help="where the figures go")
    parser.add_argument("--fill", type=int, default=0, help="messages, where there are none yet")
    parser.add_argument("--repeat", type=int, default=5, help="times for each page (5)")
    options = parser.parse_args()
    _, options.key = keys.create(name="benchmark-pages", scopes=["read"])
    return options


if __name__ == "__main__":
    main()
