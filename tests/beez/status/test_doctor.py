"""`manage.py doctor`: lines with marks, and an exit code."""

import json
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.utils import timezone

from beez.status.heartbeat import KINDS
from beez.status.models import Heartbeat
from tests.beez.started import CHECKOUT, SECRET, environment


@pytest.fixture
def all_seen(db):
    for kind in KINDS:
        Heartbeat.objects.create(name=f"{kind}@here", seen_at=timezone.now())


def test_all_well_is_exit_code_0(keyword_model, all_seen, capsys):
    call_command("doctor")
    out = capsys.readouterr().out
    assert "✓ The worker was last seen" in out
    assert "✗" not in out


def test_something_broken_is_exit_code_1_with_what_to_do(keyword_model, capsys):
    with pytest.raises(SystemExit) as end:
        call_command("doctor")
    assert end.value.code == 1
    assert "✗ The worker has not been seen" in capsys.readouterr().out


def test_json_is_what_the_status_route_answers(keyword_model, all_seen, api_client, capsys):
    call_command("doctor", "--json")
    said = json.loads(capsys.readouterr().out)
    answered = api_client.get("/status").json()
    assert set(said) == set(answered)
    assert said["days"] == answered["days"]


def test_settings_that_do_not_fit_together_are_a_line(keyword_model, all_seen, settings, capsys):
    settings.MAX_BATCH_CHARACTERS = 10
    with pytest.raises(SystemExit):
        call_command("doctor")
    assert "✗ A message may have" in capsys.readouterr().out


def test_a_database_that_is_away_is_one_line_and_no_traceback(tmp_path):
    away = {"DATABASE_URL": "postgres://a:b@127.0.0.1:1/none", "SECRET_KEY": SECRET}
    doctor = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=CHECKOUT,
        env=environment(tmp_path, **away),
        capture_output=True,
        text=True,
        check=False,
    )
    assert doctor.returncode == 1
    assert "✗ The database cannot be reached" in doctor.stdout
    assert "DATABASE_URL" in doctor.stdout
    assert "Traceback" not in doctor.stdout + doctor.stderr
