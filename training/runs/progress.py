"""Shows a training's progress on a terminal: a bar for each epoch, a line for each other step."""

import sys
from contextlib import suppress
from typing import Any, TextIO

from tqdm import tqdm


class Bars:
    """Call it with what `pipeline.train` reports. Without a terminal, a line for each epoch."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.bar: Any = None

    def __call__(self, report: dict[str, Any]) -> None:
        with suppress(
            BrokenPipeError
        ):  # who read it was killed; how the training ends, its row says
            if "batch" in report:
                self._advance(report)
            elif "epoch" in report:
                self._end_epoch(report)
            else:
                self._line(f"• {report['step']}")

    def _advance(self, report: dict[str, Any]) -> None:
        if not self.stream.isatty():
            return
        if self.bar is None:
            total = round(report["batches"] / report["epochs"])
            self.bar = tqdm(
                total=total,
                desc=f"epoch {report['epoch']}/{report['epochs']}",
                file=self.stream,
                bar_format="{desc} {bar:30} {n_fmt}/{total_fmt} [{remaining} left]{postfix}",
                leave=True,
            )
        self.bar.set_postfix(loss=f"{report['loss']:.3f}", refresh=False)
        self.bar.update()

    def _end_epoch(self, report: dict[str, Any]) -> None:
        figures = {"loss": f"{report['loss']:.3f}"}
        if "validation_micro_f1" in report:
            figures["validation micro-F1"] = f"{report['validation_micro_f1']:.3f}"
        if self.bar is not None:
            self.bar.set_postfix(figures)
            self.bar.close()
            self.bar = None
            return
        told = ", ".join(f"{name} {value}" for name, value in figures.items())
        self._line(f"epoch {report['epoch']}/{report['epochs']}: {told}")

    def _line(self, text: str) -> None:
        self.stream.write(f"{text}\n")
        self.stream.flush()
