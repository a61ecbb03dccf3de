"""The full training behind a quick first version: whether it is awaited, and how it stands."""

import pytest
from django.utils import timezone

from classifier import registry
from tests import keyword_model
from training.learning.config import PRESETS
from training.models import TrainingRun
from training.runs import due, full, gate, recording

State = TrainingRun.State


def go_live(models_dir, name, **metrics):
    keyword_model.build(models_dir, name, words=keyword_model.SHIPPED_TAGS, metrics=metrics)
    version = registry.register(name)
    registry.activate(version)
    return version


@pytest.fixture
def quick(db, models_dir):
    return go_live(models_dir, "quick", quick={"messages": 60, "of": 60, "seconds": 20})


def run(state, preset="default", **values):
    config = {"preset": preset}
    return TrainingRun.objects.create(
        **{"state": state, "trigger": "staff", "config": config, "lease_until": timezone.now()}
        | values
    )


def test_nothing_is_awaited_without_a_live_version_or_with_a_full_one(db, models_dir):
    assert full.awaited() is None
    go_live(models_dir, "full")
    assert full.awaited() is None


@pytest.mark.parametrize(
    ("state", "values", "stage"),
    [
        (State.ASKED, {"config": {}}, "asked"),
        (State.RUNNING, {}, "running"),
        (State.FAILED, {"reason": "The disk is full."}, "failed"),
        (State.FAILED, {"reason": recording.LOST}, "missing"),
        (State.CANCELLED, {"reason": "Interrupted by SIGTERM."}, "missing"),
        (State.CANCELLED, {"cancel_requested_at": "2026-01-01T00:00Z"}, "stopped"),
        (State.SUCCEEDED, {"reason": "Not activated: worse."}, "refused"),
    ],
)
def test_what_has_become_of_it_is_told_from_its_run(quick, state, values, stage):
    run(State.SUCCEEDED, preset="quick")
    run(state, **values)
    run(State.SKIPPED, reason="Nothing has changed.")
    awaited = full.awaited()
    assert awaited.stage == stage
    assert bool(awaited.advice) != awaited.is_coming
    assert values.get("reason", "") in awaited.sentence or stage == "missing"


def test_without_a_run_it_is_missing_until_it_is_asked_for_once(quick):
    run(State.SUCCEEDED, preset="quick")
    assert full.awaited().stage == "missing"
    full.ask(asked_by="make run")
    full.ask(asked_by="make run")
    assert full.awaited().stage == "asked"
    assert TrainingRun.objects.filter(state=State.ASKED).count() == 1


def test_who_goes_back_to_the_quick_version_is_not_asked_to_wait(quick, models_dir):
    later = go_live(models_dir, "full")
    run(State.SUCCEEDED, activated=True, model_version=later)
    registry.rollback()
    assert registry.live_version() == quick
    assert full.awaited() is None


def test_the_nightly_check_trains_in_full_after_a_quick_version(quick):
    config = PRESETS["default"]
    made = PRESETS["quick"]
    run(State.SUCCEEDED, "quick", shape=due.shape(made), reviews_up_to=0)
    found = due.assess(config)
    assert found.is_due
    assert found.reason == "Only a quick first version has been trained yet."


def report(**changes):
    part = {"name": "hold_out", "judged": True, "messages": 4}
    overall = {"finding": "undecidable", "challenger": 0.5, "champion": 0.4}
    return {
        "champion": "quick", "challenger": "full", "contradictions": [], "undecidable": [],
        "left_out": 0, "only_challenger": [], "only_champion": [],
        "parts": [part | {"overall": overall, "per_tag": {}}],
    } | changes  # fmt: skip


def test_too_few_messages_to_compare_do_not_keep_a_quick_version():
    asked = gate.decide("if-not-worse", report())
    assert asked.verdict == gate.Verdict.SIGNATURE
    assert gate.decide("if-not-worse", report(), provisional=True).activate


def test_a_full_version_that_is_worse_does_not_replace_a_quick_one():
    worse = {"finding": "worse", "challenger": 0.4, "champion": 0.8, "low": -0.5, "high": -0.3}
    part = {"name": "hold_out", "judged": True, "messages": 400, "overall": worse, "per_tag": {}}
    assert not gate.decide("if-not-worse", report(parts=[part]), provisional=True).activate
