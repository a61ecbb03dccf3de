import shutil
import subprocess
import sys

import pytest

from tests.beez.started import CHECKOUT


@pytest.fixture
def checkout(tmp_path):
    """Just enough of a checkout to install a lock file without packages."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(CHECKOUT / "scripts" / "install", tmp_path / "scripts")
    (tmp_path / "requirements.lock").write_text("# nothing\n")
    return tmp_path


@pytest.fixture
def python():
    return sys.executable


def install(checkout, **environment):
    return subprocess.run(
        [checkout / "scripts" / "install", "requirements.lock"],
        env={"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def sentence(ended):
    assert ended.returncode == 1
    return ended.stderr.strip().splitlines()[-1]


def test_an_unchanged_lock_is_installed_once(checkout, python):
    assert "Installing" in install(checkout, PYTHON=python).stdout
    assert install(checkout, PYTHON=python).stdout == ""
    (checkout / "requirements.lock").write_text("# changed\n")
    assert "Installing" in install(checkout, PYTHON=python).stdout


def test_an_interrupted_install_is_done_again(checkout, python):
    (checkout / ".venv" / "bin").mkdir(parents=True)  # left by a `python -m venv` cut short
    assert install(checkout, PYTHON=python).returncode == 0
    (checkout / ".venv" / "requirements.lock").unlink()  # left by a pip cut short
    assert "Installing" in install(checkout, PYTHON=python).stdout


def test_an_old_python_is_named(checkout, tmp_path):
    old = program(tmp_path / "old", '[ "$1" = --version ] && echo "Python 3.9.2" || exit 1')
    said = sentence(install(checkout, PYTHON=old))
    assert "3.11 or newer" in said and "Python 3.9.2" in said


def test_a_missing_python_is_named(checkout):
    assert "no nowhere/python" in sentence(install(checkout, PYTHON="nowhere/python"))


def test_a_python_without_venv_is_named(checkout, tmp_path):
    bare = program(tmp_path / "bare", 'case "$2" in *ensurepip*) exit 1 ;; esac')
    assert "venv module" in sentence(install(checkout, PYTHON=bare))


def test_a_full_disk_is_named(checkout, tmp_path, python):
    program(tmp_path / "df", "echo header; echo dev 9 9 2048 99% /")
    said = sentence(install(checkout, PYTHON=python, PATH=f"{tmp_path}:/usr/bin:/bin"))
    assert "Only 2 MB are free" in said


def test_a_failed_download_is_named(checkout, python):
    (checkout / "requirements.lock").write_text("beez-of-nowhere==1\n")
    reach_nobody = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:1/simple"}
    ended = install(
        checkout, PYTHON=python, PIP_RETRIES="0", PIP_CONFIG_FILE="/dev/null", **reach_nobody
    )
    assert "A download failed" in sentence(ended)


def test_a_package_that_does_not_exist_is_named_by_pip(checkout, python):
    (checkout / "requirements.lock").write_text("beez-of-nowhere==1\n")
    ended = install(checkout, PYTHON=python, PIP_CONFIG_FILE="/dev/null")
    assert "could not be installed" in sentence(ended)
    assert "beez-of-nowhere" in ended.stderr
