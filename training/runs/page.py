"""What the page of a training run shows: how far it is, since when, how much longer, its curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from training.models import TrainingRun
from training.runs import curves
from training.runs.curves import Chart
from training.runs.heartbeat import LEASE

ENOUGH = 0.08  # of the whole before the time left is guessed
SILENT = timedelta(seconds=20)  # without a sign of life before the page says so


@dataclass(frozen=True, kw_only=True)
class Step:
    name: str
    took: str  # empty for the last one


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Times are words; `percent` is of the whole run; `left` is empty where nothing can be said."""

    running: bool
    percent: int
    now: str  # what it is doing
    detail: str  # the epoch and the batch, where there are such
    gone: str
    left: str
    silent: str  # how long nothing was heard of a running one; empty when all is well
    steps: Sequence[Step]
    charts: Sequence[Chart]


def progress(run: TrainingRun, *, now: datetime) -> Progress:
    facts = run.progress
    running = run.state == TrainingRun.State.RUNNING
    share = float(facts.get("share", 0.0))
    gone = (run.finished_at or now) - run.started_at
    return Progress(
        running=running,
        percent=100 if run.state == TrainingRun.State.SUCCEEDED else round(100 * share),
        now=str(facts.get("step", "")),
        detail=_detail(facts),
        gone=duration(gone),
        left=duration(gone * (1 - share) / share) if running and share >= ENOUGH else "",
        silent=_silent(run, now) if running else "",
        steps=[_step(step) for step in facts.get("steps", ()) if step.get("seconds", 1) >= 0.5],
        charts=curves.charts(facts.get("curves", ())),
    )


def duration(time: timedelta) -> str:
    """`40 s`, `3 min 20 s` or `1 h 5 min`."""
    seconds = max(0, round(time.total_seconds()))
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def _detail(facts: dict[str, Any]) -> str:
    parts = []
    if "epoch" in facts and "epochs" in facts:
        parts.append(f"pass {facts['epoch']} of {facts['epochs']} over the messages")
    if "batch" in facts and "batches" in facts:
        parts.append(f"batch {facts['batch']} of {facts['batches']}")
    return ", ".join(parts)


def _silent(run: TrainingRun, now: datetime) -> str:
    """The lease is renewed every two seconds, so it tells when that was done last."""
    silence = now - (run.lease_until - LEASE)
    return duration(silence) if silence > SILENT else ""


def _step(step: dict[str, Any]) -> Step:
    took = duration(timedelta(seconds=step["seconds"])) if "seconds" in step else ""
    return Step(name=step["step"], took=took)
