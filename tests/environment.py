"""Loaded by pytest before Django's settings: a home of the suite's own, with its own Postgres."""

import os
from pathlib import Path

from beez.launch import local

os.environ["BEEZ_HOME"] = os.environ.get("BEEZ_TEST_HOME") or str(
    Path(__file__).resolve().parent.parent / "var" / "tests"
)
local.prepare_environment()
