import ast
import itertools
import re
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from beez import env
from tests.beez.started import CHECKOUT, SECRET, environment, setting_names

READERS = {
    "string", "boolean", "integer", "fraction", "choice", "listing", "clock", "time_zone",
    "postgres", "rate", "folder", "bucket", "parts", "secret", "signing_key", "host",
}  # fmt: skip
PACKAGES = ("beez", "classifier", "conversations", "training")


def names_read():
    """First arguments of every env.*() call in the code."""
    files = [path for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py")]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="env"), attr=attribute),
                    args=[ast.Constant(value=name), *_],
                ) if attribute in READERS:
                    yield name
                    if attribute == "secret":
                        yield f"{name}_FILE"


def test_the_example_lists_every_setting_and_no_other():
    listed = setting_names()
    assert sorted(listed) == sorted(set(names_read()))


def test_the_example_explains_every_setting():
    text = (CHECKOUT / ".env.example").read_text()
    lines = text.splitlines()
    plain = {"HOST", "PORT", "WEB_THREADS", "DATASETS_DIR", "HSTS_PRELOAD"}
    for before, line in itertools.pairwise(lines):
        if (name := re.match(r"#([A-Z_]+)=", line)) and name[1] not in plain | {"TIME_ZONE"}:
            assert before.startswith("# "), line


@pytest.mark.parametrize(
    ("read", "bad"),
    [
        (lambda: env.boolean("SETTING", False), "maybe"),
        (lambda: env.integer("SETTING", 1, minimum=1), "0"),
        (lambda: env.integer("SETTING", 1), "1.5"),
        (lambda: env.integer("SETTING", 1), "٣ apples"),
        (lambda: env.fraction("SETTING", 0.5), "1"),
        (lambda: env.fraction("SETTING", 0.5), "0.0"),
        (lambda: env.fraction("SETTING", 0.5), "75%"),
        (lambda: env.choice("SETTING", "a", ("a", "b")), "c"),
        (lambda: env.time_zone("SETTING", "UTC"), "Europe/Atlantis"),
        (lambda: env.time_zone("SETTING", "UTC"), "../UTC"),
        (lambda: env.clock("SETTING", "03:30"), "24:00"),
        (lambda: env.rate("SETTING"), "600/fortnight"),
        (lambda: env.rate("SETTING"), "0/minute"),
        (lambda: env.rate("SETTING"), "600"),
        (lambda: env.rate("SETTING"), "600/m"),
        (lambda: env.bucket("SETTING"), "https://s3.example/models"),
        (lambda: env.bucket("SETTING"), "s3://b"),
        (lambda: env.bucket("SETTING"), "s3://models/../other"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(monkeypatch, read, bad):
    monkeypatch.setenv("SETTING", bad)
    with pytest.raises(ImproperlyConfigured, match=f"SETTING='{re.escape(bad)}'"):
        read()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", None),
        ("s3://models", ("models", "")),
        ("s3://shop.example/beez/models/", ("shop.example", "beez/models")),
    ],
)
def test_a_bucket_is_a_name_and_perhaps_a_prefix(monkeypatch, value, found):
    monkeypatch.setenv("SETTING", value)
    assert env.bucket("SETTING") == found


def test_a_required_setting_is_named(monkeypatch):
    monkeypatch.setenv("SETTING", " ")
    with pytest.raises(ImproperlyConfigured, match="SETTING is not set"):
        env.string("SETTING")


@pytest.mark.parametrize(
    "password", ["p@ss", "p/ss", "p#ss", "p%ss", "p:ss", "pa?ss", "p@s/s#w%rd"]
)
def test_a_password_that_needs_escaping_is_explained_and_not_shown(monkeypatch, password):
    monkeypatch.setenv("SETTING", f"postgres://user:{password}@host:5432/name")
    if password == "p:ss":  # only the first colon divides
        assert env.postgres("SETTING")["PASSWORD"] == password
        return
    with pytest.raises(ImproperlyConfigured, match=r"SETTING cannot be understood.*%40") as caught:
        env.postgres("SETTING")
    assert password not in str(caught.value)


def test_an_escaped_password_and_a_socket_are_understood(monkeypatch):
    monkeypatch.setenv("SETTING", "postgres://user:p%40s%2Fs%23w%25rd@%2Fvar%2Frun/name")
    found = env.postgres("SETTING")
    assert (found["PASSWORD"], found["HOST"], found["NAME"]) == ("p@s/s#w%rd", "/var/run", "name")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_file_of_settings_in_another_encoding_is_one_sentence(tmp_path, encoding):
    path = tmp_path / ".env"
    path.write_bytes("NAME=grün\n".encode(encoding))
    with pytest.raises(ImproperlyConfigured, match="not UTF-8 text"):
        env.read_file(path)


def test_a_byte_order_mark_before_the_settings_is_no_part_of_a_name(tmp_path, monkeypatch):
    path = tmp_path / ".env"
    path.write_bytes(b"\xef\xbb\xbfMARKED=1\n")
    monkeypatch.setenv("MARKED", "")
    monkeypatch.delenv("MARKED")
    env.read_file(path)
    assert env.integer("MARKED", 0) == 1


def settings_with(tmp_path, expression, **changes):
    required = {"DATABASE_URL": "postgres:///x", "SECRET_KEY": SECRET}
    code = f"from beez import settings; print({expression})"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env=environment(tmp_path, **(required | changes)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("RATE_LIMIT", "many"), ("DATABASE_URL", "sqlite:///x"), ("RETRAIN_AT", "noon")],
)
def test_a_bad_setting_stops_the_start(tmp_path, name, value):
    ended = settings_with(tmp_path, "1", **{name: value})
    assert ended.returncode != 0
    assert name in ended.stderr.strip().splitlines()[-1]


def test_a_rate_limit_switches_throttling_on(tmp_path):
    shown = "settings.REST_FRAMEWORK['DEFAULT_THROTTLE_CLASSES']"
    assert settings_with(tmp_path, shown).stdout == "[]\n"
    ended = settings_with(tmp_path, shown, RATE_LIMIT="600/minute")
    assert "KeyRateThrottle" in ended.stdout


def test_beez_starts_with_a_rate_limit(tmp_path):
    """The throttle's module is imported by DRF's own, so it may not import those at run time."""
    command = [sys.executable, "manage.py", "check"]
    database = {"DATABASE_URL": "postgres:///none", "SECRET_KEY": SECRET}
    limited = environment(tmp_path, RATE_LIMIT="600/minute", **database)
    subprocess.run(command, cwd=CHECKOUT, env=limited, check=True)
