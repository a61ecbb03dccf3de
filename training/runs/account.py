"""What is known of a training while it goes on: its steps, how far it is, and its curves.

Fed with the reports of `pipeline.train`; the facts are JSON and stand on the run's row.
"""

import time
from collections.abc import Callable
from typing import Any

# What each part takes of a training's time, about.
PREPARING, LEARNING = 0.05, 0.70
_OF_A_STEP = ("epoch", "epochs", "batch", "batches", "loss", "validation_micro_f1")


class Account:
    """`facts` after each `add`: `step` and what it last said, `steps` so far with their seconds,
    `share` of the whole (0 to 1, a guess), and `curves`, a list of epochs for each network.

    A step may say beforehand how many networks will be trained (`fits`; otherwise one).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._fits, self._fitted, self._after = 1, 0, 0
        self._learns = False
        self.facts: dict[str, Any] = {}

    def add(self, report: dict[str, Any]) -> None:
        if "step" in report:
            self._begin_step(report)
        else:
            self._learns = True
            self.facts = self.facts | {k: report[k] for k in _OF_A_STEP if k in report}
            if "batch" not in report:
                self._end_epoch(report)
        self.facts["share"] = max(self.facts.get("share", 0.0), round(self._share(), 3))

    def _begin_step(self, report: dict[str, Any]) -> None:
        self._fits = report.get("fits", self._fits)
        self._fitted += self._learns
        self._after += self._fitted >= self._fits
        self._learns = False
        steps = [dict(step) for step in self.facts.get("steps", ())]
        if steps:
            steps[-1]["seconds"] = round(self._clock() - self._began, 1)
        self._began = self._clock()
        kept = {key: value for key, value in self.facts.items() if key not in _OF_A_STEP}
        self.facts = kept | {"step": report["step"], "steps": [*steps, {"step": report["step"]}]}

    def _end_epoch(self, report: dict[str, Any]) -> None:
        row = {k: report[k] for k in ("epoch", "loss", "validation_micro_f1") if k in report}
        curves = [list(curve) for curve in self.facts.get("curves", ())]
        if report["epoch"] == 1 or not curves:
            curves.append([])
        curves[-1].append(row)
        self.facts["curves"] = curves

    def _share(self) -> float:
        if self._after:  # each step takes a part of what is left
            return 1 - (1 - PREPARING - LEARNING) * 0.7 ** (self._after - 1)
        batches = self.facts.get("batches", 0)
        done = self._fitted + (self.facts.get("batch", 0) / batches if batches else 0)
        return PREPARING + LEARNING * min(1.0, done / self._fits) if done else 0.0
