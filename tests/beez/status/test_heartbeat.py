"""Processes that say that they are there."""

import contextlib
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from beez.status import heartbeat
from beez.status.models import Heartbeat
from tests.beez.started import CHECKOUT, environment, with_a_live_model

WORKER = ("-m", "celery", "-A", "beez", "worker", "--beat", "--without-mingle")


@pytest.mark.django_db
def test_a_process_has_one_row_that_is_renewed():
    heartbeat.beat("worker")
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    heartbeat.beat("worker")
    assert Heartbeat.objects.count() == 1
    assert timezone.now() - heartbeat.seen()["worker"] < timedelta(seconds=30)
    assert heartbeat.seen()["web"] is heartbeat.seen()["beat"] is None


@pytest.mark.django_db
def test_of_several_machines_the_one_seen_last_counts():
    now = timezone.now()
    for name, hours in (("web@a", 5), ("web@b", 1), ("worker@c", 2)):
        Heartbeat.objects.create(name=name, seen_at=now - timedelta(hours=hours))
    assert heartbeat.seen()["web"] == now - timedelta(hours=1)


@pytest.mark.django_db
def test_machines_that_are_gone_are_forgotten():
    Heartbeat.objects.create(name="web@old", seen_at=timezone.now() - timedelta(days=2))
    Heartbeat.objects.create(name="web@new", seen_at=timezone.now())
    heartbeat.forget_old()
    assert [row.name for row in Heartbeat.objects.all()] == ["web@new"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_survives_a_database_that_is_away(monkeypatch):
    """The thread connects anew for each beat, and finds nobody until the address is right again."""
    monkeypatch.setattr(heartbeat, "EVERY", 0.05)
    with monkeypatch.context() as away:
        away.setitem(connections.settings["default"], "HOST", "127.0.0.1")
        away.setitem(connections.settings["default"], "PORT", "1")
        heartbeat.start("worker")
        time.sleep(0.3)
    deadline = time.monotonic() + 10
    while not heartbeat.seen()["worker"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    heartbeat.stop()


@pytest.fixture(params=["files", pytest.param("redis", marks=pytest.mark.redis)])
def surroundings(request, tmp_path):
    redis = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    home = tmp_path / "home"
    with_a_live_model(home)
    return environment(home, REDIS_URL=redis)


SEEN = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "beez.settings"
from beez.launch import local
local.prepare_environment()
import django
django.setup()
from beez.status import heartbeat
print(*(kind for kind, at in heartbeat.seen().items() if at))
"""


def test_a_worker_with_its_beat_is_seen_on_each_transport(surroundings):
    worker = subprocess.Popen([sys.executable, *WORKER], cwd=CHECKOUT, env=surroundings)
    try:
        deadline, seen = time.monotonic() + 60, ""
        while seen.split() != ["worker", "beat"]:
            assert worker.poll() is None and time.monotonic() < deadline, seen
            time.sleep(0.5)
            seen = subprocess.run(
                [sys.executable, "-c", SEEN],
                cwd=CHECKOUT,
                env=surroundings,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
    finally:
        worker.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            assert worker.wait(20) == 0


@pytest.mark.django_db
def test_a_beat_is_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        heartbeat.beat("web")
