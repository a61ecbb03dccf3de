import os
import shutil
import subprocess
import time

import pytest
import redis
from django.core.exceptions import ImproperlyConfigured

from beez import addresses, env
from tests.beez.started import SECRET, environment, free_port, manage, setting_names

GENERATED = "q/w?e#r[t]y@u%i$o:p &'\"\\${HOME}%41"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in setting_names():
        if name.startswith(("DATABASE_", "REDIS_")):
            monkeypatch.delenv(name, raising=False)


def test_a_database_is_named_by_its_parts_and_the_password_stands_as_it_is(monkeypatch):
    monkeypatch.setenv("DATABASE_HOST", "db.example")
    monkeypatch.setenv("DATABASE_PASSWORD", GENERATED)
    found = addresses.postgres(conn_max_age=None)
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", 5432, "beez")
    assert (found["USER"], found["PASSWORD"]) == ("beez", GENERATED)
    assert found["CONN_MAX_AGE"] is None and "conn_max_age" not in found


@pytest.mark.parametrize("host", ["/var/run/postgresql", "10.0.0.7", "::1", "db-1.internal"])
def test_a_host_is_a_name_an_address_or_a_folder(monkeypatch, host):
    monkeypatch.setenv("DATABASE_HOST", host)
    assert addresses.postgres()["HOST"] == host


@pytest.mark.parametrize("host", ["db:5432", "user@db", "postgres://db", "d b"])
def test_a_host_that_is_none_is_named(monkeypatch, host):
    monkeypatch.setenv("DATABASE_HOST", host)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_HOST="):
        addresses.postgres()


def test_url_and_parts_together_are_refused(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"postgres://beez:{GENERATED}@db/beez")
    monkeypatch.setenv("DATABASE_PASSWORD", GENERATED)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL and DATABASE_PASSWORD") as caught:
        addresses.postgres()
    assert GENERATED not in str(caught.value)


def test_parts_without_a_host_are_refused_and_start_no_embedded_database(monkeypatch):
    monkeypatch.setenv("DATABASE_NAME", "shop")
    assert addresses.names_postgres()
    with pytest.raises(ImproperlyConfigured, match="DATABASE_HOST is not"):
        addresses.postgres()


def test_without_any_of_them_beez_starts_its_own():
    assert not addresses.names_postgres()


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_password_comes_from_a_file(monkeypatch, tmp_path, ending):
    path = tmp_path / "password"
    path.write_bytes(f"{GENERATED}{ending}".encode())
    monkeypatch.setenv("DATABASE_HOST", "db")
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(path))
    assert addresses.postgres()["PASSWORD"] == GENERATED


@pytest.mark.parametrize("contents", [None, b"", b" \n", b"one\ntwo\n", b"\xff\xfe", b"a\0b"])
def test_a_file_without_a_secret_is_named_and_not_shown(monkeypatch, tmp_path, contents):
    path = tmp_path / "password"
    if contents is not None:
        path.write_bytes(contents)
    monkeypatch.setenv("SECRET_FILE", str(path))
    with pytest.raises(ImproperlyConfigured, match=r"SECRET_FILE='/.*password'") as caught:
        env.secret("SECRET", "")
    assert "two" not in str(caught.value)


def test_a_secret_and_its_file_together_are_refused(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("of the file")
    monkeypatch.setenv("SECRET_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("SECRET", "of the environment")
    with pytest.raises(ImproperlyConfigured, match="SECRET and SECRET_FILE are both set"):
        env.secret("SECRET", "")


def test_a_secret_key_from_a_file_leaves_none_behind_in_the_home(tmp_path):
    (tmp_path / "key").write_text(f"{SECRET}\n")
    shown = manage(
        tmp_path / "home", "shell", "--no-imports", "-c",
        "from django.conf import settings; print(settings.SECRET_KEY)",
        SECRET_KEY_FILE=str(tmp_path / "key"), DATABASE_URL="postgres:///none",
    )  # fmt: skip
    assert shown == SECRET
    assert not (tmp_path / "home" / "secret_key").exists()


@pytest.mark.parametrize(
    "url",
    ["redis.example", "http://redis:6379", "redis://:p@ss@host/0", "redis://:p/ss@host:6379/0",
     "redis://:p#ss@host/0", "redis://host:port/0"],
)  # fmt: skip
def test_an_address_of_redis_that_cannot_be_read_is_named_and_not_shown(monkeypatch, url):
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL") as caught:
        addresses.redis()
    assert "ss" not in str(caught.value).replace("password", "").replace("REDIS_PASSWORD", "")


def test_a_password_of_redis_in_both_places_is_refused(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://:one@host/0")
    monkeypatch.setenv("REDIS_PASSWORD", "two")
    with pytest.raises(ImproperlyConfigured, match="Leave one of them out"):
        addresses.redis()


def test_a_password_without_a_redis_is_refused(monkeypatch):
    monkeypatch.setenv("REDIS_PASSWORD", "alone")
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL is not"):
        addresses.redis()


@pytest.fixture
def guarded_redis(tmp_path):
    """A Redis that wants the generated password."""
    if shutil.which("redis-server") is None:
        if os.environ.get("BEEZ_REQUIRE_REDIS"):
            pytest.fail("There is no redis-server, and BEEZ_REQUIRE_REDIS is set.")
        pytest.skip("There is no redis-server")
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--save", "", "--requirepass", GENERATED],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )
    yield port
    server.terminate()
    server.wait(10)


@pytest.mark.redis
def test_cache_and_broker_know_the_generated_password(guarded_redis, tmp_path):
    until_it_listens(guarded_redis)
    code = (
        "from django.core.cache import cache; cache.set('a', 'kept'); print(cache.get('a'));"
        "from beez.celery import app; app.connection().ensure_connection(max_retries=1);"
        "app.send_task('nobody.knows')"
    )
    shown = manage(
        tmp_path, "shell", "--no-imports", "-c", code, DATABASE_URL="postgres:///none",
        SECRET_KEY=SECRET, REDIS_URL=f"redis://127.0.0.1:{guarded_redis}/3",
        REDIS_PASSWORD=GENERATED,
    )  # fmt: skip
    assert shown == "kept"
    with redis.Redis(port=guarded_redis, db=3, password=GENERATED) as client:
        assert client.llen("celery") == 1


def until_it_listens(port):
    deadline = time.monotonic() + 10
    with redis.Redis(port=port, password=GENERATED) as client:
        while time.monotonic() < deadline:
            try:
                return client.ping()
            except redis.exceptions.ConnectionError:
                time.sleep(0.05)
    raise AssertionError("Redis does not listen.")


def test_a_quoted_value_of_the_env_file_stands_as_it_is(tmp_path):
    path = tmp_path / ".env"
    path.write_text("QUOTED_SECRET='a/b?c#d [e]@%$f${HOME}'\n")
    try:
        env.read_file(path)
        assert os.environ["QUOTED_SECRET"] == "a/b?c#d [e]@%$f${HOME}"
    finally:
        os.environ.pop("QUOTED_SECRET", None)


def test_a_database_in_parts_stops_the_start_with_a_sentence(tmp_path):
    url = {"DATABASE_URL": "postgres://a:b@c/d", "DATABASE_HOST": "db"}
    done = subprocess.run(
        [".venv/bin/python", "manage.py", "check"],
        env=environment(tmp_path, **url),
        cwd=env.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "✗ DATABASE_URL and DATABASE_HOST are both set, and either may name the database. "
        "Leave one of them out."
    ]
