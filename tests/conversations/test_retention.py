"""What is older than RETENTION_DAYS is erased, by the age of a conversation's last message."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from conversations import erasure, retention, reviewing
from conversations.models import Conversation, Message, Receipt
from conversations.tasks import expire
from tests.conversations.posting import add_message


@pytest.fixture
def shop(keyword_model, settings):
    """One conversation that is over for long, one that goes on since then, one of today."""
    settings.RETENTION_DAYS = 30
    for name, days in (("old", [40, 35]), ("goes-on", [40, 2]), ("new", [0])):
        for age in days:
            message = add_message(conversation_id=name, text="any discount?")
            moment = timezone.now() - timedelta(days=age)
            Message.objects.filter(pk=message.pk).update(created_at=moment)
    Conversation.objects.update(updated_at=timezone.now())


def left():
    return set(Conversation.objects.values_list("conversation_id", flat=True))


def run(*arguments):
    out = StringIO()
    call_command("expire", *arguments, stdout=out)
    return out.getvalue()


def test_only_what_is_over_for_so_long_goes(shop):
    assert expire() == 1
    assert left() == {"goes-on", "new"}
    receipt = Receipt.objects.get()
    assert (receipt.kind, receipt.actor, receipt.erased["messages"]) == ("age", "retention", 2)
    assert receipt.finished_at


def test_nothing_goes_and_nothing_is_written_down_by_default(shop, settings):
    settings.RETENTION_DAYS = 0
    assert expire() == 0
    assert len(left()) == 3
    assert not Receipt.objects.exists()
    with pytest.raises(CommandError, match="for ever"):
        run()


def test_a_second_time_there_is_nothing_and_no_receipt(shop):
    expire()
    assert expire() == 0
    assert Receipt.objects.count() == 1


def test_a_dry_run_counts_alone(shop):
    assert run("--dry-run") == "1 conversation older than 30 days would be erased.\n"
    assert len(left()) == 3
    assert run() == "1 conversation older than 30 days erased.\n"
    assert left() == {"goes-on", "new"}


def test_reviewed_ones_go_too_unless_they_are_kept_for_learning(shop, settings):
    message = Message.objects.filter(conversation__conversation_id="old").first()
    reviewing.record(message=message, tags=[], actor="kim")
    settings.RETENTION_KEEPS_REVIEWED = True
    assert expire() == 0
    settings.RETENTION_KEEPS_REVIEWED = False
    assert expire() == 1


def test_it_goes_in_slices(shop, monkeypatch):
    monkeypatch.setattr(erasure, "SLICE", 1)
    Message.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert list(retention.expire()) == [1, 1, 1]
    assert Receipt.objects.get().erased["conversations"] == 3


def test_one_that_gets_a_message_at_that_moment_stays(shop, monkeypatch):
    """Between being found and being locked."""
    found = retention.expired()
    slices = erasure.slices(erasure.receipts.begin(Receipt.Kind.AGE, "", actor="x"), found)
    select = erasure.Conversation.objects.select_for_update

    def late(*arguments, **options):
        if "old" in left() and Message.objects.count() == 5:
            add_message(conversation_id="old", text="thanks")
        return select(*arguments, **options)

    monkeypatch.setattr(erasure.Conversation.objects, "select_for_update", late)
    assert list(slices) == []
    assert "old" in left()
