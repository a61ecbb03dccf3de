"""`manage.py doctor`: lines with marks, and an exit code."""

import json
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from beez.status import bounded, heartbeat, parts
from beez.status.heartbeat import KINDS
from beez.status.models import Heartbeat
from tests.beez.started import CHECKOUT, SECRET, environment, free_port
from training.models import TrainingRun


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


def doctor(capsys):
    with pytest.raises(SystemExit):
        call_command("doctor")
    return capsys.readouterr().out


def test_a_worker_that_takes_up_no_job_is_broken(keyword_model, all_seen, capsys):
    Heartbeat.objects.create(name=heartbeat.JOBS, seen_at=timezone.now() - timedelta(minutes=6))
    assert "✗ The worker runs, but no job has been taken up; the last one 6 min ago." in doctor(
        capsys
    )
    heartbeat.note_jobs_move()
    call_command("doctor")


def test_a_worker_that_trains_takes_up_no_other_job(keyword_model, all_seen):
    now = timezone.now()
    Heartbeat.objects.create(name=heartbeat.JOBS, seen_at=now - timedelta(hours=1))
    TrainingRun.objects.create(trigger="task", lease_until=now + timedelta(minutes=5))
    call_command("doctor")


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (20, "! The clock of this machine is 20 s ahead of the database's"),
        (-95, "✗ The clock of this machine is 95 s behind the database's"),
    ],
)
@pytest.mark.usefixtures("keyword_model", "all_seen")
def test_clocks_that_differ_are_a_line(capsys, monkeypatch, ahead, told):
    real = parts.clock_ahead
    assert abs(real()) < 5
    monkeypatch.setattr(parts, "clock_ahead", lambda: real() + ahead)
    try:
        call_command("doctor")
    except SystemExit as end:
        assert (end.code, told[0]) == (1, "✗")
    assert told in capsys.readouterr().out


def test_a_night_that_was_missed_is_a_line_and_the_overview_shows_it(
    keyword_model, all_seen, capsys, settings, admin_client
):
    now = timezone.localtime()
    before = now - timedelta(hours=2)
    settings.RETRAIN_AT, settings.RETRAIN_WITHIN_HOURS = (before.hour, before.minute), 1
    run = TrainingRun.objects.create(state="succeeded", trigger="command", lease_until=now)
    TrainingRun.objects.update(started_at=now - timedelta(days=3))
    call_command("doctor")
    assert "did not take place, nor in the 1 hour after" in capsys.readouterr().out
    assert "did not take place" in admin_client.get("/admin/").content.decode()
    TrainingRun.objects.filter(pk=run.pk).update(finished_at=now)
    bounded.forget()
    call_command("doctor")
    assert "did not take place" not in capsys.readouterr().out


@pytest.mark.redis
def test_a_redis_that_is_frozen_or_gone_is_told_within_seconds(
    keyword_model, all_seen, capsys, settings, tmp_path
):
    port = free_port()
    command = ("redis-server", "--port", str(port), "--save", "", "--dir", str(tmp_path))
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
    try:
        while parts.broker_problem():
            time.sleep(0.05)
        server.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        assert "✗ Jobs cannot be sent" in doctor(capsys)
        assert time.monotonic() - began < 10
        server.send_signal(signal.SIGCONT)
        call_command("doctor")
    finally:
        server.kill()
        server.wait()
    assert "✗ Jobs cannot be sent" in doctor(capsys)
