import json
import os
import re
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request

import psutil
import pytest

from tests.beez import started

KEY = r"bz_[0-9a-f]{8}_[\w-]{43}"


@pytest.fixture(scope="module")
def home():
    """A BEEZ_HOME with a live model."""
    with started.empty_home() as folder:
        started.with_a_live_model(folder)
        yield folder


def classify(beez, key):
    request = urllib.request.Request(
        f"{beez.address}/classify-message",
        json.dumps({"message": "Any discount?"}).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_from_the_first_start_to_the_second_and_nothing_left_behind(home, up):
    first = up(home)
    first.wait_for(started.SERVED)
    key = re.search(KEY, first.output)[0]
    assert "password" in first.output and "shown only now" in first.output
    assert classify(first, key)["selected"][0]["tag"] == "Deal-seeker"
    assert first.press_ctrl_c() == 0
    assert first.left_running() == []

    second = up(home)
    second.wait_for(started.SERVED)
    assert time.monotonic() - second.started < 10
    assert "$BEEZ_KEY" in second.output and "password" not in second.output
    assert not re.search(KEY, second.output)
    assert classify(second, key)
    assert second.press_ctrl_c() == 0
    assert second.left_running() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_another_signal_stops_everything_too(home, up, number):
    beez = up(home)
    beez.wait_for(started.SERVED)
    beez.process.send_signal(number)
    assert beez.process.wait(30) == 0
    assert beez.left_running() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_make_run_stops_everything(home, up, number):
    beez = up(home, "make", "-o", "install", f"PY={sys.executable}", "run")
    beez.wait_for(started.SERVED)
    to = os.killpg if number == signal.SIGINT else os.kill  # Ctrl-C goes to the whole group
    to(beez.process.pid, number)
    beez.process.wait(30)
    assert beez.left_running() == []


def test_ctrl_c_while_starting_leaves_nothing(home, up):
    beez = up(home)
    beez.wait_for("port and disk")
    beez.press_ctrl_c()
    assert beez.left_running() == []
    assert "Traceback" not in beez.output


def test_ctrl_c_while_training_leaves_nothing(new_home, up):
    beez = up(new_home)
    beez.wait_for("No model is live yet")
    assert "about half a minute" in beez.output
    time.sleep(4)  # well into it
    assert any("train" in line for line in beez.left_running())
    assert beez.press_ctrl_c() == 0
    assert beez.left_running() == []


def test_when_one_process_dies_everything_stops_and_says_so(home, up):
    beez = up(home)
    beez.wait_for(started.SERVED)
    (web, *_) = [
        process
        for process in psutil.Process(beez.process.pid).children()
        if "beez.launch.web" in process.cmdline()
    ]
    web.kill()
    assert beez.process.wait(30) != 0
    assert "The web server ended by itself" in beez.output
    assert beez.left_running() == []


def test_when_the_embedded_postgres_dies_everything_stops_and_says_so(home, up):
    beez = up(home)
    beez.wait_for(started.SERVED)
    postmaster = int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    psutil.Process(postmaster).kill()
    assert beez.process.wait(30) != 0
    assert "The embedded Postgres ended by itself" in beez.output
    again = up(home)
    again.wait_for(started.SERVED)
    assert again.press_ctrl_c() == 0


def test_after_a_kill_the_next_start_cleans_up(home, up):
    killed = up(home)
    killed.wait_for(started.SERVED)
    killed.process.kill()
    killed.process.wait()
    deadline = time.monotonic() + 20
    while any("beez.launch.web" in line or "celery" in line for line in killed.left_running()):
        assert time.monotonic() < deadline, killed.left_running()
        time.sleep(0.1)
    beez = up(home)
    beez.wait_for(started.SERVED)
    assert beez.press_ctrl_c() == 0
    assert beez.left_running() == []


def test_a_port_in_use_is_one_sentence(home, up):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        beez = up(home, PORT=str(port))
        assert beez.process.wait(30) == 1
    assert beez.output.splitlines() == [
        f"✗ Port {port} is in use. Stop what uses it, or choose another: make run PORT={port + 1}"
    ]
    assert beez.left_running() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"PORT": "http"}, "PORT='http' is not a whole number"),
        ({"HOST": "203.0.113.7"}, "Cannot listen on HOST=203.0.113.7"),
        ({"RATE_LIMIT": "many"}, "RATE_LIMIT='many' is not a rate"),
        ({"DATABASE_URL": "postgres://127.0.0.1:1/beez"}, "The database cannot be used"),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence(home, up, changes, sentence):
    beez = up(home, **changes)
    assert beez.process.wait(60) == 1
    assert sentence in beez.output
    assert "Traceback" not in beez.output
    assert beez.left_running() == []


def test_a_live_model_whose_folder_is_gone_is_told_and_the_staff_pages_are_served(new_home, up):
    started.with_a_live_model(new_home)
    shutil.rmtree(new_home / "models" / "keywords")
    beez = up(new_home)
    beez.wait_for(started.SERVED)
    assert "The folder of the model keywords is missing." in beez.output
    assert "manage.py train" in beez.output
    assert str(new_home / "models") in beez.output
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(f"{beez.address}/ready", timeout=10)
    assert "is missing" in json.load(answer.value)["error"]["message"]
    with urllib.request.urlopen(f"{beez.address}/admin/", timeout=10) as page:
        assert page.status == 200
    assert beez.press_ctrl_c() == 0
