"""A message that was given up is not stored later, when Postgres can work again."""

import os
import signal
import time

import psutil
import pytest
from django.db import OperationalError, connection

from beez.database import limits, outage
from classifier import live
from conversations import ingest
from conversations.models import Conversation, Message

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def backend(settings, monkeypatch):
    """The process of this connection, which has the limits of a web process."""
    monkeypatch.setattr(limits, "_serving", True)
    monkeypatch.setattr(limits, "GRACE", 0.0)
    settings.DATABASE_STATEMENT_TIMEOUT = 1
    connection.close()
    connection.ensure_connection()
    process = _process(connection.connection.info.backend_pid)
    yield process
    outage.forget()
    connection.close()


def _process(pid):
    if not connection.settings_dict["HOST"].startswith("/"):
        pytest.skip("stops a process of the Postgres on this machine")
    return psutil.Process(pid)


@pytest.mark.parametrize("conversation", ["known", "new"])
def test_what_reaches_a_frozen_postgres_is_not_stored_once_it_was_given_up(
    keyword_model, backend, monkeypatch, conversation
):
    for name in ("warm", "known", "known", "known"):  # the statements are prepared
        ingest.post(conversation_id=name, text="thanks")
    model = live.current()
    classify = type(model).classify

    def classify_and_freeze(self, text):
        os.kill(backend.pid, signal.SIGSTOP)
        return classify(self, text)

    monkeypatch.setattr(type(model), "classify", classify_and_freeze)
    try:
        with pytest.raises(OperationalError):
            ingest.post(conversation_id=conversation, text="thanks")
    finally:
        time.sleep(0.2)
        os.kill(backend.pid, signal.SIGCONT)
    psutil.wait_procs([backend], timeout=20)
    assert not backend.is_running()
    connection.close()
    assert Message.objects.count() == 4
    assert Conversation.objects.count() == 2
