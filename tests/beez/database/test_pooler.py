"""Everything works through a real PgBouncer that gives each transaction another connection."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.beez import started

DATABASE = "beez_pooled"
LIMITS = "SET statement_timeout = 15000; SET lock_timeout = 5000"  # as docs/production.md says it

# The two connections that the pooler has are taken in turn; what one left behind, the other meets.
SCRIPT = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "beez.settings"
import django
from beez.database import limits
limits.serve()  # with the limits of a web process
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from concurrent.futures import ThreadPoolExecutor
from beez.api.statements import limited
from classifier import registry
from conversations import ingest, listing, reviewing
from conversations.models import Message
from training.models import TrainingRun
from tests import keyword_model

call_command("migrate", verbosity=0)
keyword_model.build(settings.MODELS_DIR, "keywords", words=keyword_model.SHIPPED_TAGS)
registry.activate(registry.register("keywords"))

def post(number):
    try:
        ingest.post(conversation_id=f"c{number % 3}", text=f"any discount? {number}")
        with limited(5), connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            inside = cursor.fetchone()[0]
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return inside, cursor.fetchone()[0]
    finally:
        connection.close()

with ThreadPoolExecutor(8) as pool:
    assert set(pool.map(post, range(60))) == {("5s", "15s")}
reviewing.record(message=Message.objects.first(), tags=["Hot-buyer"], actor="anna")
page, cursor = listing.conversations_page({"limit": 2, "review": False})
assert len(page) == 2 and cursor
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [7])
assert len(list(Message.objects.iterator(chunk_size=7))) == 60
call_command("check_history")
"""


@pytest.fixture
def pooler():
    """Its address for `DATABASE`, which is new and has no tables."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        assert not os.environ.get("BEEZ_REQUIRE_PGBOUNCER"), "pgbouncer is not installed"
        pytest.skip("pgbouncer is not installed")
    target = connection.settings_dict
    server = {
        "host": target["HOST"],
        "port": target["PORT"],
        "user": target["USER"],
        "password": target["PASSWORD"],
    }
    given = {name: value for name, value in server.items() if value}
    with psycopg.connect(**given, dbname="postgres", autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        admin.execute(f"CREATE DATABASE {DATABASE}")
        with TemporaryDirectory(prefix="pooler-") as folder:
            Path(folder).chmod(0o777)  # it runs as another user than root
            port = started.free_port()
            configuration = Path(folder) / "pgbouncer.ini"
            where = " ".join(f"{name}='{value}'" for name, value in given.items())
            configuration.write_text(
                f"[databases]\n{DATABASE} = {where} connect_query='{LIMITS}'\n"
                "[pgbouncer]\npool_mode = transaction\n"
                f"default_pool_size = 2\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
                f"auth_type = any\nunix_socket_dir =\nlogfile = {folder}/log\n"
            )
            # It refuses to be root; the embedded Postgres lets only its own user to its socket.
            socket = str(given.get("host", "")).startswith("/")
            owner = Path(given["host"]).owner() if socket else "nobody"
            user = ("-u", owner) if os.geteuid() == 0 else ()
            with subprocess.Popen([program, *user, str(configuration)]) as running:
                url = f"postgres://anybody@127.0.0.1:{port}/{DATABASE}"
                try:
                    _wait_for(url)
                    yield url
                finally:
                    running.kill()
        admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def _wait_for(url):
    for _ in range(20):
        try:
            return psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError("pgbouncer does not answer")


def test_posting_reading_reviewing_checking_and_migrating(pooler, tmp_path):
    changes = {
        "DATABASE_URL": pooler,
        "DATABASE_POOLER": "true",
        "SECRET_KEY": settings.SECRET_KEY,
        "MODELS_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=started.CHECKOUT,
        env=started.environment(tmp_path, **changes),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "3 conversations checked, all consistent.\n"
