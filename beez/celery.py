"""The Celery application: `celery -A beez worker`, `celery -A beez beat`."""

import os
import warnings
from pathlib import Path

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import beat_init, celeryd_init, worker_ready
from django.conf import settings

from beez.launch import alive, local

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")
local.prepare_environment()

# Celery warns of root for the sake of pickled messages; Beez accepts JSON alone.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("beez")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Where files stand in for Redis, sender and worker expect these folders.
for _name in ("data_folder_in", "control_folder"):
    if _folder := getattr(settings, "CELERY_BROKER_TRANSPORT_OPTIONS", {}).get(_name):
        Path(_folder).mkdir(parents=True, exist_ok=True)


@celeryd_init.connect
@beat_init.connect
def _make_home(**_: object) -> None:
    local.home()  # beat keeps its schedule there


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
