"""The Celery application: `celery -A beez worker`, `celery -A beez beat`."""

import os

from celery import Celery

from beez import local

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")
local.prepare_environment()

app = Celery("beez")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
