"""Loaded by pytest before Django's settings: a home of the suite's own, with its own Postgres.

The suite runs in as many processes as there are cores, so torch gets one thread in each: threads
that wait for each other on a busy core are many times slower than one.
"""

import os
from pathlib import Path

from beez.launch import local

os.environ["BEEZ_HOME"] = os.environ.get("BEEZ_TEST_HOME") or str(
    Path(__file__).resolve().parent.parent / "var" / "tests"
)
os.environ.setdefault("OMP_NUM_THREADS", "1")
local.prepare_environment()
