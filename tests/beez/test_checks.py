import subprocess
import sys
from pathlib import Path

import pytest

from beez import checks
from tests.beez.started import CHECKOUT, SECRET, environment


def ids(found):
    return [message.id for message in found]


def test_a_models_folder_that_is_there_or_can_be_made_is_fine(settings, tmp_path):
    settings.MODELS_DIR = tmp_path
    assert checks.models_folder(None) == []
    settings.MODELS_DIR = tmp_path / "new" / "models"
    assert checks.models_folder(None) == []


def test_a_models_folder_that_is_a_file_is_an_error(settings, tmp_path):
    settings.MODELS_DIR = tmp_path / "models"
    settings.MODELS_DIR.touch()
    assert ids(checks.models_folder(None)) == ["beez.E001"]
    settings.MODELS_DIR = tmp_path / "models" / "inside"
    assert ids(checks.models_folder(None)) == ["beez.E001"]


@pytest.mark.parametrize(
    ("https", "hosts", "expected"),
    [
        (False, ["localhost", "127.0.0.1"], []),
        (True, ["beez.example"], []),
        (False, ["localhost", "beez.example"], ["beez.W001"]),
        (False, ["*"], ["beez.W001"]),
    ],
)
def test_plain_http_beyond_this_machine_is_warned_of(settings, https, hosts, expected):
    settings.HTTPS, settings.ALLOWED_HOSTS = https, hosts
    assert ids(checks.plain_http(None)) == expected


def test_embedded_parts_are_worth_a_remark_only(settings):
    settings.DATABASES["default"]["HOST"] = str(Path(settings.BEEZ_HOME) / "postgres")
    settings.REDIS_URL = ""
    (remark,) = checks.embedded_parts(None)
    assert "DATABASE_URL and REDIS_URL" in remark.msg and not remark.is_serious()


def test_the_limits_that_are_set_unless_told_fit_together():
    assert checks.limits(None) == []


@pytest.mark.parametrize(
    ("message", "batch", "body", "expected"),
    [
        (100, 1_000, 30_000, []),
        (100, 99, 30_000, ["beez.E002"]),  # a message that may be sent alone fits no batch
        (100, 1_000, 20_000, ["beez.W002"]),  # plain letters fit, emojis in escapes do not
        (100, 50_000, 40_000, ["beez.E002"]),
    ],
)
def test_limits_that_contradict_each_other_are_told(settings, message, batch, body, expected):
    settings.MAX_MESSAGE_LENGTH, settings.MAX_BATCH_CHARACTERS = message, batch
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = body
    assert ids(checks.limits(None)) == expected
    assert all(message.hint for message in checks.limits(None))


SET_UP = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "beez.settings"
import django
django.setup()
from celery import current_app
from django.core.checks import registry
print(*(check.__name__ for check in registry.registry.registered_checks))
print(current_app.main, current_app.conf.broker_url)
"""


def test_setting_django_up_registers_the_checks_and_the_broker_that_tasks_go_to(tmp_path):
    """In a process of its own, for importing either here would register it too."""
    needed = {"DATABASE_URL": "postgres:///x", "SECRET_KEY": SECRET}
    said = subprocess.run(
        [sys.executable, "-c", SET_UP],
        cwd=CHECKOUT,
        env=environment(tmp_path, REDIS_URL="redis://broker.invalid/0", **needed),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert {"models_folder", "limits"} <= set(said[0].split())
    assert said[1] == "beez redis://broker.invalid/0"
