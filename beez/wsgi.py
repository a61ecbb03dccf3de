"""The WSGI entry point: `gunicorn beez.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from beez import local

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")
local.prepare_environment()

application = get_wsgi_application()
