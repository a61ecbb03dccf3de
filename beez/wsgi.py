"""Django, as `beez.web` calls it. The live model is loaded before the first request."""

import os

from django.core.wsgi import get_wsgi_application

from beez.database import limits
from beez.launch import local

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")
local.prepare_environment()
limits.serve()

application = get_wsgi_application()

# These need the applications that the line above loads.
from beez.api import last_use  # noqa: E402
from beez.status import heartbeat  # noqa: E402
from classifier import live  # noqa: E402

live.warm()
heartbeat.start("web")
last_use.start()
