"""Errors reach Sentry, and nothing that anybody said does."""

import gzip
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.db import connection

from tests.beez.started import CHECKOUT, SECRET, environment

FAIL = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "beez.settings"
import django
django.setup()
import logging
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client
settings.ROOT_URLCONF = "tests.beez.views"
settings.ALLOWED_HOSTS = ["*"]
with connection.cursor() as cursor:
    cursor.execute("SELECT %s", ["canary in a statement"])
logging.getLogger("beez").warning("canary in a crumb")
client = Client(raise_request_exception=False)
named = {"content_type": "application/json", "headers": {"X-Request-ID": "shop-12345678",
         "Authorization": "Bearer canary-key", "Cookie": "canary=canary"}}
body = '{"message": "canary in a body"}'
assert client.post("/fails/unexpected?q=canary", data=body, **named).status_code == 500
assert client.post("/plain/unexpected?q=canary", data=body, **named).status_code == 500
assert client.post("/fails/operational", data=body, **named).status_code == 503
from beez.celery import app
from celery.app.trace import build_tracer
@app.task(name="tests.fails")
def fails(text):
    raise KeyError(f"{text} in an exception")
build_tracer("tests.fails", fails, app=app)("job-1", ["canary"], {}, {"id": "job-1"})
import sentry_sdk
sentry_sdk.flush(10)
"""


@pytest.fixture
def receiver():
    """A server that keeps what Sentry's library sends."""
    bodies = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            zipped = self.headers.get("Content-Encoding") == "gzip"
            bodies.append((gzip.decompress(body) if zipped else body).decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, bodies
    server.shutdown()
    server.server_close()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_error_is_reported_and_nothing_that_was_said(receiver, tmp_path):
    port, bodies = receiver
    base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    surroundings = environment(
        tmp_path,
        DATABASE_URL=f"{base}/{connection.settings_dict['NAME']}",
        SECRET_KEY=SECRET,
        SENTRY_DSN=f"http://public@127.0.0.1:{port}/1",
    )
    done = subprocess.run(
        [sys.executable, "-c", FAIL],
        cwd=CHECKOUT,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    events = [body for body in bodies if '"exception"' in body]
    assert len(events) == 2  # a request (the second shows the same error) and a job; no outage
    text = "\n".join(bodies)
    assert "RuntimeError" in text and "KeyError" in text
    assert "shop-12345678" in text and "tests.fails" in text
    for said in ("canary in", "canary-key", "q=canary", "secret words", "canary=", "SELECT"):
        assert said not in without_source(text), said


def without_source(text):
    """Lines of the program itself, which no customer wrote, may be quoted."""
    import json

    lines = []
    for line in filter(None, text.splitlines()):
        found = json.loads(line)
        for error in found.get("exception", {}).get("values", ()):
            for frame in error["stacktrace"]["frames"]:
                frame.pop("context_line", None)
        lines.append(json.dumps(found))
    return "\n".join(lines)


def test_without_the_setting_its_library_is_not_imported(tmp_path):
    unused = {"DATABASE_URL": "postgres:///unused", "SECRET_KEY": SECRET}
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'beez.settings'\n"
        "import django; django.setup(); import beez.urls; print('sentry_sdk' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env=environment(tmp_path, **unused),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == "False"
