"""What staff, keys and commands do is told by the audit log, once, and stays there."""

import csv
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import ProgrammingError, transaction
from django.urls import reverse

from beez.api import keys
from beez.audit import export, trail
from beez.audit.models import AuditEntry
from classifier import thresholds
from classifier.models import Tag
from classifier.terminal import user
from conversations import reviewing
from conversations.models import Receipt
from tests.conversations.posting import add_message
from training import asking
from training.models import TrainingRun
from training.runs import cancelling

pytestmark = pytest.mark.django_db
CANARY = "canary-in-the-message"


def last():
    return AuditEntry.objects.first()


def actions():
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_a_review_of_staff_is_told_with_who_whence_and_on_what_but_without_text(
    keyword_model, admin_client
):
    message = add_message(conversation_id="c", text=CANARY)
    address = f"/admin/conversations/conversation/{message.conversation_id}/messages/1/review/"
    admin_client.post(address, {"toggle": "Hot-buyer", "seen": 0, "note": f"because {CANARY}"})
    entry = last()
    assert (entry.kind, entry.actor, entry.action) == ("staff", "admin", "review.given")
    assert entry.address == "127.0.0.1"
    assert entry.subject == f"conversation {message.conversation_id}, message 1"
    assert entry.detail == {"tags": ["Hot-buyer"]}
    assert CANARY not in "".join(export.as_json_lines(AuditEntry.objects.all()))


def test_what_a_key_does_is_told_with_its_prefix(keyword_model, api_client):
    add_message(conversation_id="c", text="hello")
    api_client.post("/conversation/c/messages/1/correction", {"tags": []}, format="json")
    api_client.patch("/thresholds", {"threshold": 0.5}, format="json")
    api_client.delete("/conversation/c")
    told = list(AuditEntry.objects.filter(kind="key").order_by("pk"))
    assert [one.action for one in told] == [
        "review.given",
        "threshold.changed",
        "conversation.erased",
    ]
    assert {(one.actor, one.actor_id) for one in told} == {("tests", prefix_of(api_client))}
    receipt = Receipt.objects.get()  # by its number, for an id may say who the customer is
    assert (told[-1].subject, told[-1].detail) == (
        f"receipt {receipt.number}",
        {"by": "conversation"},
    )


def prefix_of(client):
    return client._credentials["HTTP_AUTHORIZATION"].split()[1][:11]


def test_an_erasure_of_nothing_is_not_told(api_client):
    api_client.delete("/conversation/never-there")
    assert "conversation.erased" not in actions()


def test_what_is_rolled_back_leaves_no_entry(keyword_model):
    message = add_message(conversation_id="c", text="hello")
    before = actions()
    with pytest.raises(RuntimeError), transaction.atomic():
        reviewing.record(message=message, tags=[], actor="anna")
        raise RuntimeError
    assert actions() == before


def test_commands_and_jobs_are_told_by_the_name_that_they_give(keyword_model):
    thresholds.change(values={"Hot-buyer": 0.4}, actor="anna")
    assert (last().kind, last().actor, last().detail) == ("system", "anna", {"to": 0.4})


def test_keys_are_told_and_never_the_secret(capsys):
    row, key = keys.create(name="shop", scopes=["read"])
    _, new = keys.rotate(row, overlap=timedelta(days=1))
    keys.revoke(row)
    keys.revoke(row)
    assert actions() == ["key.created", "key.created", "key.rotated", "key.revoked"]
    told = "".join(export.as_json_lines(AuditEntry.objects.all()))
    assert key not in told and new not in told


def test_models_going_live_and_trainings_are_told(keyword_model, monkeypatch):
    assert (last().action, last().subject) == ("model.activated", "keywords-1")
    monkeypatch.setattr("training.tasks.take_up.apply_async", lambda **_: None)
    asking.ask(asked_by="anna")
    run = TrainingRun.objects.get()
    cancelling.request(run, actor="anna")
    cancelling.request(run, actor="bert")
    assert actions()[-2:] == ["training.asked", "training.cancelled"]


def test_a_training_that_was_not_asked_for_is_not_told(monkeypatch):
    monkeypatch.setattr("training.tasks.take_up.apply_async", lambda **_: None)
    asking.ask(asked_by="anna")
    with pytest.raises(asking.NotAskedError):
        asking.ask(asked_by="bert")
    assert actions() == ["training.asked"]


def test_log_ins_and_what_accounts_may_do_are_told(client, django_user_model, admin_client):
    anna = django_user_model.objects.create_user("anna", password="correct horse", is_staff=True)
    before = AuditEntry.objects.count()
    client.post("/admin/login/", {"username": "anna", "password": "correct horse"})
    client.post("/admin/logout/")
    anna.groups.add(Group.objects.get(name="Operator"))
    anna.is_superuser = True
    anna.save()
    anna.delete()
    told = [
        (one.action, one.actor, one.detail)
        for one in AuditEntry.objects.order_by("pk")[before:]
        if one.subject == "anna"
    ]
    assert told == [
        ("account.logged_in", "anna", {}),
        ("account.logged_out", "anna", {}),
        ("account.given", "Beez", {"groups": ["Operator"]}),
        ("account.changed", "Beez", {"fields": ["is_superuser"], "is_superuser": True}),
        ("account.deleted", "Beez", {}),
    ]


def test_a_password_that_is_changed_is_told_and_not_shown(django_user_model):
    anna = django_user_model.objects.create_user("anna")
    anna.set_password("correct horse")
    anna.save()
    assert last().detail == {"fields": ["password"]}


def test_tags_are_told_with_the_fields_that_changed(db):
    tag = Tag.objects.get(name="Hot-buyer")
    tag.label = "Hot"
    tag.save()
    assert (last().action, last().subject) == ("tag.changed", "Hot-buyer")
    assert last().detail == {"fields": ["label"]}


@pytest.mark.parametrize("statement", ["update", "delete"])
def test_the_database_refuses_to_change_or_delete_an_entry(statement):
    trail.record("key.created", subject="bz_1")
    entries = AuditEntry.objects.all()
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        entries.update(actor="nobody") if statement == "update" else entries.delete()
    assert last().subject == "bz_1"


def test_nobody_changes_or_deletes_an_entry_in_the_pages(admin_client):
    trail.record("key.created", subject="bz_1")
    for page in ("change", "delete"):
        address = reverse(f"admin:beez_auditentry_{page}", args=[last().pk])
        assert admin_client.post(address, {"post": "yes"}).status_code == 403
    assert admin_client.post("/admin/beez/auditentry/add/", {}).status_code == 403


def test_the_page_exports_the_rows_that_it_shows(admin_client):
    trail.record("key.created", subject="bz_1", scopes=["read"])
    trail.record("conversation.erased", subject="=cmd|' /C calc'!A0")
    page = admin_client.get("/admin/beez/auditentry/?about=conversation").content.decode()
    assert "export.csv?about=conversation" in page and "bz_1" not in page
    answer = admin_client.get("/admin/beez/auditentry/export.csv?about=conversation")
    (row,) = csv.DictReader(answer.getvalue().decode().splitlines())
    assert row["action"] == "conversation.erased"
    assert row["subject"] == "'=cmd|' /C calc'!A0"  # no formula in a spreadsheet
    assert last().action == "audit.exported"
    lines = admin_client.get("/admin/beez/auditentry/export.jsonl?q=bz_1").getvalue().decode()
    (entry,) = map(json.loads, lines.splitlines())
    assert (entry["subject"], entry["detail"]) == ("bz_1", {"scopes": ["read"]})


def test_the_command_exports_every_row_in_order_however_many_there_are(capsys, monkeypatch):
    monkeypatch.setattr(export, "CHUNK", 3)
    for number in range(8):
        trail.record("key.created", subject=number)
    call_command("audit", "export", "--action", "key.created", "--since", "2020-01-01")
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["subject"] for line in lines] == [str(n) for n in range(7, -1, -1)]


def test_behind_a_proxy_the_address_is_what_the_proxy_says_and_not_the_caller(
    settings, admin_client
):
    settings.BEHIND_PROXY = True
    told = {"HTTP_X_FORWARDED_FOR": "6.6.6.6, 203.0.113.9"}
    admin_client.get("/admin/beez/auditentry/export.csv", **told)
    assert last().address == "203.0.113.9"
    admin_client.get("/admin/beez/auditentry/export.csv", HTTP_X_FORWARDED_FOR="rubbish")
    assert last().address is None


def test_a_command_is_told_by_the_system_user_who_ran_it():
    call_command("audit", "export")
    assert (last().action, last().kind, last().actor) == ("audit.exported", "system", user())
