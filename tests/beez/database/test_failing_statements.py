"""What Postgres refuses is told by its code, and no log holds what it was refused for."""

import logging
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DataError, connection, transaction

from beez.api.logs import LineFormatter
from conversations import storing
from conversations.models import Conversation

CANARY = "zinnobergruen"
BODY = {"conversation_id": "c", "message": f"any {CANARY} discount?"}
SORTS_MUCH = "SELECT * FROM generate_series(1, 100000) AS number ORDER BY -number, %(text)s"


class Logs:
    """Ours and Postgres's, since the test began."""

    def __init__(self):
        self.lines, self._path = [], Path(settings.BEEZ_HOME) / "postgres" / "log"
        if Path(connection.settings_dict["HOST"]) != self._path.parent:
            pytest.skip("reads the log of the embedded Postgres")
        self._start = self._path.stat().st_size

    @property
    def ours(self):
        return "\n".join(self.lines)

    @property
    def of_postgres(self):
        return self._path.read_bytes()[self._start :].decode()


@pytest.fixture
def logs(db):
    found, root, handler = Logs(), logging.getLogger(), logging.Handler()
    handler.setFormatter(LineFormatter("%(levelname)s %(message)s"))
    handler.emit = lambda record: found.lines.append(handler.format(record))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield found
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def client(api_client, keyword_model):
    api_client.raise_request_exception = False
    return api_client


def send(client):
    """In a savepoint, so that the test's own transaction outlives what Postgres refuses."""
    before = transaction.savepoint()
    answer = client.post("/classify-conversation", BODY, format="json")
    if answer.status_code >= 500:
        transaction.savepoint_rollback(before)
    return answer


def post(client):
    answer = send(client)
    return answer.status_code, answer.json().get("error", {}).get("code")


def execute(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def others_holding_the_messages():
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE conversations_message IN EXCLUSIVE MODE")
        yield
    finally:
        other.close()


def wait_too_long(client):
    with others_holding_the_messages():
        for limit in ("lock_timeout", "statement_timeout"):
            execute(f"SET LOCAL {limit} = '200ms'")
            assert post(client) == (503, "busy")
            execute(f"SET LOCAL {limit} = 0")


def test_no_failure_leaves_a_message_in_a_log(client, logs, monkeypatch):
    wait_too_long(client)
    execute("ALTER TABLE conversations_message ADD CONSTRAINT never CHECK (position < 0)")
    assert post(client) == (500, "internal_error")  # Postgres quotes the row
    execute(
        "ALTER TABLE conversations_message DROP CONSTRAINT never",
        "CREATE UNIQUE INDEX once ON conversations_message (text)",
    )
    assert post(client) == (200, None)
    assert post(client) == (500, "internal_error")  # the value that is there already
    monkeypatch.setattr(storing, "_GO_ON", "SELECT %(text)s::integer")
    assert post(client) == (500, "internal_error")  # the value that is no number
    assert logs.ours.count("Database unavailable") == 2
    assert logs.ours.count("Unexpected django.db.utils.IntegrityError") >= 2
    assert "Unexpected django.db.utils.DataError" in logs.ours
    assert CANARY not in logs.ours
    assert CANARY not in logs.of_postgres


def test_the_log_of_a_postgres_that_nobody_has_set_holds_statements_without_messages(client, logs):
    execute(
        "SET LOCAL log_min_messages = 'warning'",
        "SET LOCAL log_min_error_statement = 'error'",
        "SET LOCAL log_error_verbosity = 'default'",
    )
    wait_too_long(client)
    assert logs.of_postgres.count("STATEMENT:") == 2
    assert "INSERT INTO conversations_message" in logs.of_postgres
    assert CANARY not in logs.of_postgres
    with pytest.raises(DataError), transaction.atomic():
        execute(f"SELECT '{CANARY}'::integer")
    assert CANARY in logs.of_postgres  # else this would prove nothing


def test_a_database_without_room_is_503_and_nothing_is_stored(client, monkeypatch):
    execute("SET LOCAL temp_file_limit = 0", "SET LOCAL work_mem = '64kB'")
    with monkeypatch.context() as patched:
        patched.setattr(storing, "_BEGIN", SORTS_MUCH)
        answer = send(client)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_full")
    assert int(answer["Retry-After"]) >= 1
    assert not Conversation.objects.exists()
    assert post(client) == (200, None)
