"""A customer's words go where they are meant to be stored, and nowhere else.

A canary comes in by every door; then every place where nobody expects it is searched. Another door
is a line of `DOORS`, another place a line of `PLACES`.
"""

import base64
import json
import logging
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings as live_settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.urls import Resolver404, resolve
from rest_framework.test import APIClient

from beez.api import keys
from beez.api.logs import LineFormatter
from beez.api.models import ApiKey
from beez.celery import app as celery
from classifier import parallel
from classifier.bulk import jobs_work
from classifier.engine import Engine
from classifier.models import BulkChunk, BulkJob
from conversations import queue, storing
from conversations.models import Message
from tests.conversations.posting import add_message
from training.tasks import prepare_dataset

CANARY = "zinnobergruen kanarienvogel"  # of the text; the model knows no such word
CARD = "4111 1111 1111 1111"
TEXT = f"i want to buy a {CANARY}, my card is {CARD}"

# Where a customer's words may stand: in the message itself, what a person wrote beside it, and the
# draft of an unfinished page; an index of words is part of the table.
MEANT = {"conversations_message", "conversations_review"}


class Visit:
    """Who plants the canary, and all that was answered."""

    def __init__(self, monkeypatch, folder):
        self.patch, self.folder = monkeypatch, folder
        _, key = keys.create(name="shop", scopes=ApiKey.Scope.values)
        self.caller = APIClient(raise_request_exception=False)
        self.caller.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        self.staff = APIClient(raise_request_exception=False)
        self.staff.force_login(User.objects.create_superuser("root"))
        self.refused = []  # bodies of errors

    def post(self, path, body, *, client=None, **options):
        options = options or {"format": "json"}
        answer = (client or self.caller).post(path, body, **options)
        if answer.status_code >= 400:
            self.refused.append(answer.content.decode())
        return answer

    def converse(self, **fields):
        body = {"conversation_id": "c", "message": TEXT} | fields
        return self.post("/classify-conversation", body)


def classify(visit):
    assert visit.post("/classify-message", {"message": TEXT}).status_code == 200
    assert visit.post("/classify-messages", {"messages": [TEXT, TEXT]}).status_code == 200


def bulk_jobs(visit):
    """Texts are stored until they are answered, and no longer, whatever becomes of the job."""
    made = visit.post("/bulk-jobs", {"messages": [TEXT, {"id": "b", "message": TEXT}]})
    assert made.status_code == 202
    assert BulkChunk.objects.filter(messages__icontains=CANARY).exists()
    jobs_work.run()
    assert visit.caller.get(f"{made['Location']}/result").status_code == 200
    lines = {"content_type": "application/x-ndjson"}
    assert visit.post("/bulk-jobs", f'"{TEXT}"', **lines).status_code == 202
    for body in (
        f'"{TEXT}',
        f'{{"message": "{TEXT}", "{TEXT}": 1}}',
        f'["{TEXT}"]',
        f'"{TEXT}\\u0000"',
    ):
        assert visit.post("/bulk-jobs", body, **lines).status_code == 400

    def fail(model, text):
        raise ValueError(f"cannot read {text}")

    with visit.patch.context() as patched:
        patched.setattr(parallel, "answer", fail)
        jobs_work.run()
    page = f"/admin/classifier/bulkjob/{BulkJob.objects.first().pk}/change/"
    assert CANARY not in visit.staff.get(page).content.decode()
    for job in visit.caller.get("/bulk-jobs").json()["jobs"]:
        visit.refused.append(visit.caller.delete(f"/bulk-jobs/{job['id']}").content.decode())


def conversation(visit):
    fields = {"message_id": "m-1", "customer_id": "k-1"}
    assert visit.converse(**fields).status_code == 200
    assert visit.converse(**fields).status_code == 200
    assert visit.converse(**fields, message=f"{TEXT}!").status_code == 409
    assert visit.converse(customer_id="another").status_code == 409


def correction(visit):
    path = "/conversation/c/messages/1/correction"
    too_long = TEXT * 20
    assert visit.post(path, {"tags": [], "note": TEXT}).status_code == 200
    assert visit.post(path, {"tags": ["None"], "note": TEXT}).status_code == 400
    assert visit.post(path, {"tags": [], "note": too_long}).status_code == 400


def bad_requests(visit):
    raw = {"content_type": "application/json"}
    bodies = [
        {"message": TEXT, "mesage_id": 1},
        {"message": [TEXT]},
        {"message": {"text": TEXT}},
        {"message": f"{TEXT}\0"},
        {"message": TEXT * 3_000},
        {"message": TEXT, "conversation_id": "/"},
        {"message": TEXT, "conversation_id": "c", "sent_at": "yesterday"},
        [TEXT],
        TEXT,
    ]  # fmt: skip
    for path in ("/classify-message", "/classify-conversation", "/classify-messages"):
        for body in bodies:
            assert visit.post(path, body).status_code == 400
        for text in (
            f'{{"message": "{TEXT}"',
            f'{{"message": "{TEXT}", "message": "{TEXT}"}}',
            f'{{"message": "{TEXT}\n"}}',
            f'{{"message": NaN, "x": "{TEXT}"}}',
        ):
            assert visit.post(path, text, **raw).status_code == 400
        assert visit.post(path, TEXT, content_type="text/plain").status_code == 415
    assert visit.post("/no-such-route", {"message": TEXT}).status_code == 404
    assert visit.post("/classify-message", {"message": TEXT}, client=APIClient()).status_code == 401
    big = json.dumps({"message": TEXT, "x": "x" * live_settings.DATA_UPLOAD_MAX_MEMORY_SIZE})
    assert visit.post("/classify-message", big, **raw).status_code == 413


def failing_statement(visit):
    """Postgres quotes the value that it cannot store."""
    with visit.patch.context() as patched:
        for statement in ("_BEGIN", "_GO_ON"):
            patched.setattr(storing, statement, "SELECT %(text)s::integer")
        before = transaction.savepoint()
        assert visit.converse().status_code == 500
        transaction.savepoint_rollback(before)


def failing_engine(visit):
    def fail(self, text):
        raise ValueError(f"cannot read {text}")

    with visit.patch.context() as patched:
        patched.setattr(Engine, "classify", fail)
        assert visit.converse().status_code == 500
        assert visit.post("/classify-message", {"message": TEXT}).status_code == 500
        visit.post("/", {"text": TEXT}, client=visit.staff, format="multipart")


def commands(visit):
    script = visit.folder / "script.jsonl"
    script.write_text(json.dumps({"conversation_id": "x", "messages": [TEXT, TEXT]}))
    call_command("replay", script, stdout=StringIO(), stderr=StringIO())
    script.write_text(f'{{"conversation_id": "x", "messages": ["{TEXT}", ""]}}\n{TEXT}')
    with pytest.raises(CommandError) as refused:
        call_command("replay", script, stdout=StringIO(), stderr=StringIO())
    visit.refused.append(str(refused.value))


def data_sets(visit):
    """What files hold of it is in the data set; the account of it, errors and tasks name places."""
    table = visit.folder / "labelled.jsonl"
    good = [f"{noun} number {number}" for number, noun in enumerate(["owl", "cat", "dog"] * 9)]
    lines = [{"message": text, "tags": ["Hot-buyer"] * (n % 2)} for n, text in enumerate(good)]
    lines += [{"message": TEXT, "tags": ["Hot-buyer"]}, {"message": TEXT, "tags": ["No-such"]}]
    table.write_text("\n".join(map(json.dumps, lines)))
    call_command("prepare_dataset", table, max_bad_share=0.5, stdout=visit_log(visit))
    table.write_text("\n".join(map(json.dumps, lines[-1:] * 3)))
    with pytest.raises(CommandError) as refused:
        call_command("prepare_dataset", table, stdout=visit_log(visit))
    visit.refused.append(str(refused.value))
    prepare_dataset.delay(["labelled.jsonl"])


def visit_log(visit):
    class Told(StringIO):
        def write(self, text):
            visit.refused.append(text)
            return len(text)

    return Told()


def staff_pages(visit):
    with visit.patch.context() as patched:
        patched.setattr(queue, "RANDOM_SHARE", 0.0)
        visit.post("/", {"text": TEXT}, client=visit.staff, format="multipart")
        message = add_message(conversation_id="queue", text=f"{TEXT}, in green")  # not asked yet
        waiting = {"unsure": True, "uncertainty": 1.0, "sampled": False}
        Message.objects.filter(pk=message.pk).update(**waiting)
        assert CANARY in visit.staff.get("/admin/review/").content.decode()
        fields = {"message": message.pk, "seen": "", "do": "save", "tags": [], "note": TEXT}
        visit.post("/admin/review/", fields, client=visit.staff, format="multipart")
        page = f"/admin/conversations/conversation/{message.conversation_id}/"
        review = f"{page}messages/{message.position}/review/"
        fields = {"do": "correct", "tags": ["Hot-buyer"], "seen": "", "note": TEXT}
        visit.post(review, fields, client=visit.staff, format="multipart")
        assert visit.staff.get(f"{page}change/").status_code == 200
        assert visit.staff.get("/admin/", {}).status_code == 200
        visit.post(f"{page}delete/", {"post": "yes"}, client=visit.staff, format="multipart")


def erasure(visit):
    assert visit.caller.get("/customer/k-1").status_code == 200
    visit.refused.append(visit.caller.delete("/customer/k-1").content.decode())
    visit.converse()
    visit.refused.append(visit.caller.delete("/conversation/c").content.decode())


DOORS = [
    classify, bulk_jobs, conversation, correction, bad_requests, failing_statement, failing_engine,
    commands, data_sets, staff_pages, erasure,
]  # fmt: skip


def log_lines(visit):
    return "\n".join(visit.lines)


def answers_of_errors(visit):
    return "\n".join(visit.refused)


def tables(visit):
    """Every table but those that are meant to: the staff's log, sessions, outbox, runs, …"""
    with connection.cursor() as cursor:
        names = set(connection.introspection.table_names(cursor)) - MEANT
        for name in sorted(names):
            cursor.execute(f'SELECT t::text FROM "{name}" AS t')
            yield from (f"{name}: {row}" for (row,) in cursor.fetchall())


def broker(visit):
    """Tasks on their way, in files or in Redis, whose payload is in base64."""
    for raw in [*_broker_files(), *_redis_values()]:
        yield raw.decode(errors="replace")
        try:
            yield base64.b64decode(json.loads(raw)["body"]).decode(errors="replace")
        except (ValueError, KeyError, TypeError):
            continue


def _broker_files():
    folder = Path(live_settings.BEEZ_HOME) / "broker"
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def _redis_values():
    if not live_settings.REDIS_URL:
        return []
    import redis

    server = redis.Redis.from_url(live_settings.REDIS_URL)
    found = []
    for key in server.scan_iter():
        kind = server.type(key)
        found.append(key)
        found += [server.get(key)] if kind == b"string" else []
        found += server.lrange(key, 0, -1) if kind == b"list" else []
        found += (
            [b for pair in server.hgetall(key).items() for b in pair] if kind == b"hash" else []
        )
    return found


def accounts_of_data_sets(visit):
    """Not the splits, which a training reads."""
    folder = Path(live_settings.DATASETS_DIR)
    return [path.read_text() for path in folder.rglob("stats.json")]


def model_folders(visit):
    folder = Path(live_settings.MODELS_DIR)
    return [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]


def routes_about_beez(visit):
    for path in ("status", "metrics", "health", "ready", "models", "thresholds", "openapi.json"):
        try:
            resolve(f"/{path}")
        except Resolver404:
            continue
        yield visit.caller.get(f"/{path}").content.decode()


PLACES = [
    log_lines, answers_of_errors, tables, broker, accounts_of_data_sets, model_folders,
    routes_about_beez,
]  # fmt: skip


@pytest.fixture
def visit(keyword_model, settings, tmp_path, monkeypatch):
    settings.DATASETS_DIR = tmp_path / "datasets"
    settings.MAX_MESSAGE_LENGTH = 100_000
    visit = Visit(monkeypatch, tmp_path)
    celery.control.purge()
    with _everything_that_is_logged(settings) as visit.lines:
        yield visit
    celery.control.purge()


@contextmanager
def _everything_that_is_logged(settings):
    """The lines as they are written in production with LOG_LEVEL=DEBUG."""
    handler, lines, root = logging.Handler(), [], logging.getLogger()
    handler.setFormatter(LineFormatter(settings.LOGGING["formatters"]["line"]["format"]))
    handler.emit = lambda record: lines.append(handler.format(record))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def searched(visit, word):
    """Where `word` was found, with what stands around it."""
    found = []
    for place in PLACES:
        texts = place(visit)
        for text in [texts] if isinstance(texts, str) else texts:
            at = text.find(word)
            found += [f"{place.__name__}: {text[max(0, at - 80) : at + 80]}"] if at >= 0 else []
    return found


def test_the_canary_is_found_where_it_is_meant_to_be_and_nowhere_else(visit):
    for door in DOORS:
        door(visit)
    assert Message.objects.filter(text__contains=CANARY).exists()  # replays stay
    assert "Unexpected django.db.utils.DataError" in log_lines(visit)
    assert "Unexpected builtins.ValueError" in log_lines(visit)
    assert len(visit.refused) > 50
    assert list(broker(visit))
    assert not searched(visit, CANARY)
    assert not searched(visit, CARD)


def test_what_is_redacted_is_nowhere_at_all(visit, settings, tmp_path):
    settings.REDACT = ["cards"]
    for door in DOORS:
        door(visit)
    assert Message.objects.filter(text__contains="[card]").exists()
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(
                f'SELECT count(*) FROM "{name}" AS t WHERE t::text LIKE %s', [f"%{CARD}%"]
            )
            assert (name, cursor.fetchone()[0]) == (name, 0)
    assert not searched(visit, CARD)
    splits = Path(settings.DATASETS_DIR).rglob("*.jsonl")
    assert not [path for path in splits if CARD in path.read_text()]


def test_the_search_would_find_it(visit):
    """Else a place that is read wrongly would look clean."""
    logging.getLogger("beez").debug("said %s", CANARY)
    visit.refused.append(CANARY)
    prepare_dataset.delay([CANARY])
    User.objects.create(username="u", first_name=CANARY)
    (Path(visit.folder) / "datasets" / "x").mkdir(parents=True)
    (Path(visit.folder) / "datasets" / "x" / "stats.json").write_text(CANARY)
    (Path(live_settings.MODELS_DIR) / "card.md").write_text(CANARY)
    found = {one.partition(":")[0] for one in searched(visit, CANARY)}
    assert found >= {
        "log_lines", "answers_of_errors", "tables", "broker", "accounts_of_data_sets",
        "model_folders",
    }  # fmt: skip


def test_every_table_that_may_hold_it_is_named():
    assert {model._meta.db_table for model in apps.get_models()} >= MEANT
