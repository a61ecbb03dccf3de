"""The running service keeps to its OpenAPI schema, whatever it is sent.

Schemathesis makes requests that follow the schema, and requests that break it in one place:
examples, boundaries, random ones, and sequences of requests. The cases are fixed by the seed; for
others: `BEEZ_FUZZ_SEED=2 BEEZ_FUZZ_CASES=200 make test ARGS=tests/end_to_end/test_openapi.py`.
One worker sends them: the second saves a tenth of the time, and in Python 3.11 two threads that
parse source at once, as Hypothesis does to name a lambda, can break each other's `ast.parse`
(https://github.com/python/cpython/issues/106905).
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from beez.api.models import ApiKey
from tests.beez import started
from tests.beez.started import Up

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
SEED, CASES = os.environ.get("BEEZ_FUZZ_SEED", "1"), os.environ.get("BEEZ_FUZZ_CASES", "20")


@pytest.fixture
def served():
    with started.empty_home() as home:
        started.with_a_live_model(home)
        beez = Up(home)
        beez.wait_until_it_answers("/ready")
        yield beez
        beez.end()


def test_no_request_gets_an_answer_that_the_schema_does_not_describe(served):
    scopes = ",".join(ApiKey.Scope.values)
    key = started.manage(served.home, "api_key", "create", "fuzz", "--scopes", scopes)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)]
    options = {"--seed": SEED, "--max-examples": CASES, "--workers": "1"}
    command += ["run", f"{served.address}/openapi.json", "-H", f"Authorization: Bearer {key}"]
    command += [part for option in options.items() for part in option]
    done = subprocess.run(
        [*command, "--no-color"],
        cwd=served.home,  # it keeps notes there
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
