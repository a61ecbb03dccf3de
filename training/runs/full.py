"""The full training that follows a quick first version: whether it is awaited, and how it stands.

Told from rows alone, so every process and every start finds the same.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from django.db import IntegrityError, transaction

from beez.audit import trail
from classifier import registry
from classifier.models import ModelVersion
from training.models import TrainingRun
from training.runs import recording

QUICK = "quick"  # the preset

State = TrainingRun.State
Stage = Literal["missing", "asked", "running", "failed", "stopped", "refused"]


@dataclass(frozen=True, kw_only=True)
class Full:
    """What has become of the full training while the quick version `quick` is live.

    `missing`: none was asked for, or what was asked for was cut short by the end of its process;
    `stopped`: a person cancelled it; `refused`: it ended well, and its version did not go live.
    """

    quick: ModelVersion
    stage: Stage
    run: TrainingRun | None

    @property
    def is_coming(self) -> bool:
        return self.stage in ("asked", "running")

    @property
    def sentence(self) -> str:
        reason = _first_words(self.run.reason if self.run else "")
        return {
            "missing": "The full training has not begun.",
            "asked": "The full training is asked for, and begins when the worker takes it up.",
            "running": "The full training runs beside it.",
            "failed": f"The full training failed: {reason}",
            "stopped": f"The full training was stopped: {reason}",
            "refused": f"The full training has ended, but its version is not live: {reason}",
        }[self.stage]

    @property
    def advice(self) -> str:
        """What to do; empty while it is coming."""
        page = f"Training runs, run {self.run.pk}, says more." if self.run else ""
        return {
            "missing": "Ask for it: make run does, or Train now under Training runs.",
            "failed": f"Put that right and train again: make train. {page}",
            "stopped": "Train when it suits: make train, or Train now under Training runs.",
            "refused": f"{page} Make it live if it is better: manage.py activate NAME.",
        }.get(self.stage, "")


def _first_words(reason: str) -> str:
    """The first line as a sentence, with the second where the first only announces it."""
    first, second, *_ = [*(line.strip() for line in reason.strip().splitlines()), "", ""]
    return f"{first} {second if first.endswith(':') else ''}".strip().rstrip(".") + "."


def awaited() -> Full | None:
    """None where the live version is no quick one. Raises Django's database errors."""
    version = registry.live_version()
    if version is None or not version.quick:
        return None
    run = _newest()
    if run is not None and run.activated:  # somebody went back to the quick one
        return None
    return Full(quick=version, stage=_stage(run), run=run)


def ask(*, asked_by: str) -> None:
    """The row that asks for it; nothing where a training is asked for already."""
    with suppress(IntegrityError), transaction.atomic():
        trail.record("training.asked", actor=asked_by)
        recording.ask(asked_by=asked_by)


def _newest() -> TrainingRun | None:
    """The newest run that is to make, or has made, a full version."""
    runs = TrainingRun.objects.exclude(state=State.SKIPPED)
    return next((run for run in runs if run.config.get("preset") != QUICK), None)


def _stage(run: TrainingRun | None) -> Stage:
    if run is None or _was_cut_short(run):
        return "missing"
    stages: dict[str, Stage] = {
        State.ASKED: "asked",
        State.RUNNING: "running",
        State.FAILED: "failed",
        State.CANCELLED: "stopped",
        State.SUCCEEDED: "refused",
    }
    return stages[run.state]


def _was_cut_short(run: TrainingRun) -> bool:
    """By Ctrl-C, by a worker that ended or by a loss of power: nothing speaks against another."""
    if run.state == State.CANCELLED:
        return run.cancel_requested_at is None
    return run.state == State.FAILED and run.reason == recording.LOST
