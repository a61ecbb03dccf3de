"""A backup brought to an empty machine answers as the first one did; a bad one changes nothing."""

import json
import os
import shutil
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import connection

from beez.backup import BackupError, places, restoring, saving
from beez.status import heartbeat
from tests.beez.started import manage, shell, with_a_live_model

LOOK = """
import json, sys
from django.test import Client
from django.core.management import CommandError, call_command
from classifier import live
from conversations import ingest, reviewing
def ask(key, path, body=None):
    client, headers = Client(SERVER_NAME="localhost"), {"Authorization": f"Bearer {key}"}
    if body is None:
        return client.get(path, headers=headers).json()
    return client.post(path, json.dumps(body), "application/json", headers=headers).json()
def look(key):
    live.refresh()
    body = {"message": "first order"}
    return [ask(key, "/conversation/c%2F1"), ask(key, "/classify-message", body)]
"""
FILL = f"""{LOOK}
from beez.api import keys
from conversations.models import Message
for text in ("new here", "any discount", "I buy it"):
    ingest.post(conversation_id="c/1", text=text)
reviewing.record(message=Message.objects.get(position=1), tags=["Deal-seeker"], actor="ann")
key = keys.create(name="shop", scopes=["classify", "read"])[1]
call_command("backup", "SAVED", stdout=sys.stderr)
print("FOUND", json.dumps([key, look(key)]))
"""
AGAIN = f"""{LOOK}
seen = [look("KEY")]
ingest.post(conversation_id="c/1", text="something else")
seen.append(look("KEY"))
try:
    call_command("restore", "SAVED")
except CommandError as error:
    seen.append(str(error))
seen.append(look("KEY"))
call_command("restore", "SAVED", replace=True)
seen.append(look("KEY"))
print("FOUND", json.dumps(seen))
"""


@pytest.fixture(scope="module")
def folder():
    with TemporaryDirectory(prefix="backup-", dir=os.environ["BEEZ_HOME"]) as path:
        yield Path(path)


@pytest.fixture(scope="module")
def first(folder):
    """A home with a history, a data set, and its backup; returns (home, backup, key, answers)."""
    home, saved = folder / "first", folder / "saved"
    with_a_live_model(home)
    dataset = home / "datasets" / ("ab" * 32)
    dataset.mkdir(parents=True)
    (dataset / "train.jsonl").write_text('{"message": "kept"}\n')
    (home / "models" / ".unfinished-draft").mkdir()
    (home / "models" / ".unfinished-draft" / "model.onnx").write_text("half")
    key, answers = found(shell(home, FILL.replace("SAVED", str(saved))))
    return home, saved, key, answers


def found(said):
    return json.loads(said.rpartition("FOUND ")[2])


def test_an_empty_home_answers_as_the_first_did_and_its_data_are_replaced_only_if_told(
    first, folder
):
    home, saved, key, wanted = first
    assert wanted[0]["conversation_id"] == "c/1" and wanted[1]["model_version"] == "keywords"
    second = folder / "second"
    assert "live: keywords" in manage(second, "restore", str(saved))
    assert (second / "secret_key").read_text() == (home / "secret_key").read_text()
    assert (second / "datasets" / ("ab" * 32) / "train.jsonl").exists()
    assert not list((second / "models").glob(".unfinished*"))

    script = AGAIN.replace("SAVED", str(saved)).replace("KEY", key)
    restored, changed, refusal, kept, replaced = found(shell(second, script))
    assert restored == wanted
    assert changed[0] != wanted[0]
    assert "--replace" in refusal and kept == changed
    assert replaced == wanted


def of_tomorrow(copy):
    listed = json.loads((copy / "backup.json").read_text())
    listed["migrations"].append("conversations.9999_tomorrow")
    (copy / "backup.json").write_text(json.dumps(listed))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda copy: (copy / "backup.json").unlink(), "no complete backup"),
        (lambda copy: (copy / "backup.json").write_text("{"), "damaged"),
        (lambda copy: (copy / "database.dump").write_bytes(b"x"), "damaged"),
        (lambda copy: shutil.rmtree(copy / "models"), "missing"),
        (of_tomorrow, "newer Beez"),
    ],
)
def test_a_backup_that_is_not_whole_or_too_new_is_refused_before_anything_is_replaced(
    first, tmp_path, db, spoil, said
):
    copy = tmp_path / "copy"
    shutil.copytree(first[1], copy)
    spoil(copy)
    with pytest.raises(BackupError, match=said):
        restoring.restore(copy, replace=True)


def test_nothing_is_restored_under_processes_at_work(first, db):
    heartbeat.beat("web")
    with pytest.raises(BackupError, match=r"at work on this database \(web\)"):
        restoring.restore(first[1], replace=True)


def test_another_programs_database_is_left_alone(first, db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE shop_orders (id int)")
    with pytest.raises(BackupError, match=r"not Beez's \(shop_orders\)"):
        restoring.restore(first[1], replace=True)


def test_a_folder_in_use_is_not_written_over(first, db):
    with pytest.raises(BackupError, match="is not empty"):
        saving.save(first[1])


def test_a_pooler_is_refused_before_anything_is_written(tmp_path, db, settings):
    settings.DATABASE_POOLER = True
    for refused in (saving.save, partial(restoring.restore, replace=True)):
        with pytest.raises(BackupError, match="DATABASE_POOLER=false"):
            refused(tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_before_anything_is_written(tmp_path, db, monkeypatch):
    nearly_full = shutil.disk_usage(tmp_path)._replace(free=places.SPARE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: nearly_full)
    with pytest.raises(BackupError, match="are free"):
        saving.save(tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def test_only_its_owner_can_read_a_backup(first):
    assert first[1].stat().st_mode & 0o077 == 0
