"""The receiver in the README receives: its very code, but for the port, in a process of its own."""

import ast
import os
import re
import subprocess
import sys
import time

import pytest

from beez.webhooks import endpoints
from tests.beez.started import CHECKOUT, free_port
from tests.beez.webhooks.conftest import deliver, endpoint_at, make_due, states, switch

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = BLOCK.search((CHECKOUT / "README.md").read_text())[1]


def test_it_has_ten_lines():
    assert len([line for line in CODE.splitlines() if line.strip()]) == 10


@pytest.mark.django_db
def test_it_takes_what_beez_signs_and_nothing_else():
    port = free_port()
    endpoint = endpoint_at(f"http://127.0.0.1:{port}/")
    process = subprocess.Popen(
        [sys.executable, "-c", CODE.replace("9000", str(port))],
        env=os.environ | {"BEEZ_SECRET": endpoint.secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        switch("shoes", 4)
        deadline = time.monotonic() + 20
        while states() != ["delivered"]:
            assert time.monotonic() < deadline
            deliver()
            make_due()
            time.sleep(0.1)
        kind, _, data = process.stdout.readline().partition(" ")
        assert kind == "conversation.tag_switched"
        assert ast.literal_eval(data) == {"conversation_id": "shoes", "position": 4}
        endpoints.rotate(endpoint)
        type(endpoint).objects.update(old_secret="")
        switch("boots", 1)
        deliver()
        assert states("boots") == ["waiting"]
    finally:
        process.kill()
        process.wait()
