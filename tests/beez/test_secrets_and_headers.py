"""What a secret, HSTS and the names of cookies are, by the settings; in processes of their own."""

import json
import subprocess
import sys

import pytest

from tests.beez.started import CHECKOUT, SECRET, environment

ASK = """
import json
from beez import settings
names = ["SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD"]
print(json.dumps([getattr(settings, name) for name in names]))
print(getattr(settings, "SESSION_COOKIE_NAME", ""), getattr(settings, "CSRF_COOKIE_NAME", ""))
"""


def ask(tmp_path, **changes):
    needed = {"DATABASE_URL": "postgres:///x", "SECRET_KEY": SECRET}
    return subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=CHECKOUT,
        env=environment(tmp_path, **(needed | changes)),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "secret", ["a", SECRET[:49], "x" * 60, "abcabcabc" * 8, "django-insecure-" + SECRET]
)
def test_a_secret_that_is_easy_to_guess_stops_the_start_and_is_not_shown(tmp_path, secret):
    ended = ask(tmp_path, SECRET_KEY=secret)
    last = ended.stderr.strip().splitlines()[-1]
    assert ended.returncode != 0
    assert "SECRET_KEY is too easy to guess" in last and "token_urlsafe(50)" in last
    assert secret not in last or len(secret) == 1


def test_for_development_any_secret_will_do(tmp_path):
    assert ask(tmp_path, SECRET_KEY="a", DEBUG="true").returncode == 0


@pytest.mark.parametrize(
    ("changes", "hsts", "cookies"),
    [
        ({}, [0, False, False], ""),
        ({"HTTPS": "true"}, [31_536_000, False, False], "__Host-sessionid __Host-csrftoken"),
        (
            {"HTTPS": "true", "HSTS_SECONDS": "300", "HSTS_SUBDOMAINS": "1", "HSTS_PRELOAD": "1"},
            [300, True, True],
            "__Host-sessionid __Host-csrftoken",
        ),
    ],
)
def test_other_names_of_the_domain_keep_to_https_only_if_told(tmp_path, changes, hsts, cookies):
    said = ask(tmp_path, **changes).stdout.splitlines()
    assert json.loads(said[0]) == hsts
    assert said[1].strip() == cookies
