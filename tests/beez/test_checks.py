from pathlib import Path

import pytest

from beez import checks


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
