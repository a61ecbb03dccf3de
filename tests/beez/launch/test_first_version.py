"""A newcomer is served by a quick first version, until the full training beside it has ended."""

import json
import re
import urllib.request

import pytest

from tests.beez import started
from tests.training import tiny
from training.datasets.dataset import SEED_FILE


@pytest.fixture
def little(new_home):
    """Settings of trainings of seconds: few messages, and an encoder of two small layers."""
    messages = new_home / "few.jsonl"
    messages.write_text("\n".join(SEED_FILE.read_text().splitlines()[:90]))
    encoder = new_home / "encoder"
    encoder.mkdir()
    return {
        "TRAINING_FILES": str(messages),
        "BASE_MODEL": str(tiny.bert(encoder)),
        "TRAINING_CHANGES": "epochs=1;min_steps=0;folds=2",
    }


def ask(beez, path, **headers):
    request = urllib.request.Request(beez.address + path, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def runs(home, **settings):
    """Preset and state of each training, the oldest first."""
    code = (
        "import json; from training.models import TrainingRun; print(json.dumps([[r.config.get("
        "'preset', ''), r.state] for r in TrainingRun.objects.order_by('pk')]))"
    )
    return json.loads(started.shell(home, code, **settings))


def test_a_quick_version_answers_until_the_full_one_is_live_though_all_is_killed_between(
    new_home, up, little
):
    first = up(new_home, **little)
    first.wait_for(started.SERVED, 120)
    first.wait_for("A quick first version answers; the full training")
    assert ask(first, "/ready")["quick"] is True
    key = re.search(r"bz_[0-9a-f]{8}_[\w-]{43}", first.output)[0]
    live = ask(first, "/status", Authorization=f"Bearer {key}")["live"]
    assert live["quick"] is True
    started.kill_all(new_home)
    first.process.wait(10)

    again = up(new_home, **little)
    again.wait_for(started.SERVED)
    again.wait_for("The full training has ended: .* is live", 180)
    assert again.output.index("A quick first version answers") < again.output.index("has ended")
    again.wait_until_it_answers("/ready")
    assert again.press_ctrl_c() == 0
    assert again.left_running() == []
    *_, last = runs(new_home, **little)
    assert last == ["default", "succeeded"]


def test_a_full_training_that_fails_is_told_and_not_begun_again_unasked(new_home, up):
    started.with_a_live_model(new_home, metrics={"quick": {"messages": 60}})
    gone = {"TRAINING_FILES": str(new_home / "gone.jsonl")}
    beez = up(new_home, **gone)
    beez.wait_for("The full training failed: .*gone.jsonl", 120)
    beez.wait_for("The quick first version keywords goes on answering")
    beez.wait_for("train again")
    assert ask(beez, "/ready") == {"status": "ready", "model_version": "keywords", "quick": True}
    assert beez.press_ctrl_c() == 0

    again = up(new_home, **gone)
    again.wait_for("The full training failed")
    assert again.press_ctrl_c() == 0
    assert runs(new_home) == [["default", "failed"]]
