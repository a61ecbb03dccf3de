"""The Celery application: `celery -A beez worker`, `celery -A beez beat`."""

import os
import warnings
from pathlib import Path
from typing import Any

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import (
    beat_init,
    before_task_publish,
    celeryd_init,
    task_postrun,
    task_prerun,
    worker_ready,
)
from django.conf import settings

from beez.api import request_ids
from beez.launch import alive, local

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")
local.prepare_environment()

# Celery warns of root for the sake of pickled messages; Beez accepts JSON alone.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("beez")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["beez.status", "beez.webhooks"])  # rooms, no applications of Django

# Where files stand in for Redis, sender and worker expect these folders.
for _name in ("data_folder_in", "control_folder"):
    if _folder := getattr(settings, "CELERY_BROKER_TRANSPORT_OPTIONS", {}).get(_name):
        Path(_folder).mkdir(parents=True, exist_ok=True)


@celeryd_init.connect
@beat_init.connect
def _make_home(**_: object) -> None:
    local.home()


@worker_ready.connect
def _show_worker(**_: object) -> None:
    from beez.status import heartbeat  # Django is set up by now

    heartbeat.start("worker")
    alive.start("worker")


@beat_init.connect  # in a process of its own, of `celery beat` and of `worker --beat` alike
def _show_beat(**_: object) -> None:
    from beez.status import heartbeat

    heartbeat.start("beat")
    alive.start("beat")


@before_task_publish.connect
def _name_job(headers: dict[str, object] | None = None, **_: object) -> None:
    """A job carries the name of the request that sends it."""
    if headers is not None and (name := request_ids.current.get()):
        headers["beez_request"] = name


@task_prerun.connect
def _enter_job(task_id: str, task: Any, **_: object) -> None:
    """A worker's thread does one job after the other, and its log lines say which."""
    request_ids.job.set(task.name or "")
    request_ids.current.set(getattr(task.request, "beez_request", None) or task_id)


@task_postrun.connect
def _leave_job(**_: object) -> None:
    request_ids.job.set("")
    request_ids.current.set("")
