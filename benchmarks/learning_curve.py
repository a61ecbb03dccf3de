"""What reviews are worth: errors left after 0, 25, 50 and 100 of them, by the queue or at random.

`python benchmarks/learning_curve.py --data FILE [--model FOLDER] [--files FILE …] [--splits N]`.
The file has JSON lines with `message` and `tags`; those with `clear: false` are reviewed, but not
scored. In a home of its own, the messages but for a part that nobody reviews (the rest) are
posted, reviewed in one order or the other, and trained on with the shipped files, all by the
product's own functions.

Two things are told apart: how many messages that the version `--model` has wrong the reviews have
met, which are right from then on whatever is learnt, and how the next version does on the rest.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

ORDERS = ("queue", "random")
COLOURS = {"queue": "#0f766e", "random": "#b45309"}
STEPS = "micro_f1", "false_alarms", "wrong"


@dataclass
class Curves:
    """By (order, reviews): figures of the next version on the rest, one for each split; and by
    order, wrong messages met after 0, 1, 2, … reviews."""

    rest: dict[tuple[str, int], list[dict[str, float]]] = field(default_factory=dict)
    met: dict[str, list[list[int]]] = field(default_factory=dict)


def main() -> None:
    options = _options()
    home = Path(tempfile.mkdtemp(prefix="beez-benchmark-"))
    home.chmod(0o755)  # Postgres, started by root, runs as somebody else
    try:
        _begin(home)
        curves = _measure(options)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    options.out.mkdir(parents=True, exist_ok=True)
    report = "\n".join(_table(curves, options.points))
    (options.out / "learning_curve.md").write_text(report + "\n", encoding="utf-8")
    _plot(curves, options.points, options.out / "learning_curve.png")
    print(f"\n{report}\n\nPlot: {options.out / 'learning_curve.png'}")


def _begin(home: Path) -> None:
    os.environ |= {"BEEZ_HOME": str(home), "DATABASE_URL": "", "REDIS_URL": "", "MODELS_DIR": ""}
    os.environ |= {"DATASETS_DIR": "", "LOG_LEVEL": "ERROR"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "beez.settings"
    from beez.launch import local

    local.prepare_environment()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _measure(options: argparse.Namespace) -> Curves:
    from django.conf import settings
    from tqdm import tqdm

    from classifier import registry
    from classifier.engine import Engine

    settings.MODELS_DIR.mkdir(parents=True, exist_ok=True)
    shutil.copytree(options.model, settings.MODELS_DIR / options.model.name)
    registry.activate(registry.register(options.model.name))
    first = Engine.load(options.model)
    records = _read(options.data)
    curves = Curves()
    trainings = options.splits * 2 * (1 + len(options.points))
    with tqdm(total=trainings, unit="training") as bar:
        for number in range(options.splits):
            pool, rest = _split(records, options.rest, seed=number)
            shared: dict[int, dict[str, float]] = {}  # by reviews, where the order is the same
            for order in ORDERS:
                _post(pool, seed=number)
                wrong = _wrong(first, pool)
                met = [0]
                reviewed = _reviewed(order, pool, seed=number)
                while True:
                    done = len(met) - 1
                    if done == 0 or done in options.points:
                        figures = shared.get(done) or _figures(_trained(options), rest)
                        if done in (0, len(pool)):
                            shared[done] = figures
                        curves.rest.setdefault((order, done), []).append(figures)
                        bar.update()
                    if (text := next(reviewed, None)) is None:
                        break
                    met.append(met[-1] + wrong[text])
                curves.met.setdefault(order, []).append(met)
    return curves


def _read(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line.strip()]


def _split(
    records: Sequence[dict[str, Any]], rest: int, *, seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What is reviewed, and as many clear ones that never are."""
    shuffled = list(records)
    random.Random(seed).shuffle(shuffled)
    kept = [record for record in shuffled if record.get("clear", True)][:rest]
    return [record for record in shuffled if record not in kept], kept


def _post(pool: Sequence[dict[str, Any]], *, seed: int) -> None:
    """A shop that has just got these messages, and has reviewed none."""
    from conversations import ingest
    from conversations.models import Conversation
    from training.models import HeldOut

    Conversation.objects.all().delete()
    HeldOut.objects.all().delete()
    random.seed(seed)  # which tenth is set apart
    for number, record in enumerate(pool):
        ingest.post(conversation_id=f"c{number}", text=record["message"])


def _reviewed(order: str, pool: Sequence[dict[str, Any]], *, seed: int) -> Iterator[str]:
    """Review the messages one after the other, as their labels say."""
    from conversations import queue, reviewing
    from conversations.models import Message, Review

    gold = {record["message"]: record["tags"] for record in pool}
    shuffled = list(Message.objects.order_by("pk"))
    random.Random(seed).shuffle(shuffled)
    for number in range(len(pool)):
        message, chosen = shuffled[number], Review.Chosen.READING
        if order == "queue":
            claim = queue.draw("reviewer")
            if claim is None:
                return
            message, chosen = claim.message, Review.Chosen(claim.chosen)
        reviewing.record(message=message, tags=gold[message.text], actor="reviewer", chosen=chosen)
        yield message.text


def _trained(options: argparse.Namespace) -> Any:
    """The engine of a version trained on the files and the reviews that hold."""
    from django.conf import settings

    from classifier.engine import Engine
    from training import pipeline
    from training.learning import changes
    from training.learning.config import PRESETS

    config = PRESETS["default"].with_changes(**changes.read(options.set))
    run = pipeline.train(config=config, paths=options.files, activation="never")
    return Engine.load(settings.MODELS_DIR / run.model_version.name)


def _said(engine: Any, text: str) -> set[str]:
    return {tag for tag, _ in engine.classify(text).selected}


def _wrong(engine: Any, records: Sequence[dict[str, Any]]) -> dict[str, bool]:
    return {
        record["message"]: _said(engine, record["message"]) != set(record["tags"])
        for record in records
    }


def _figures(engine: Any, records: Sequence[dict[str, Any]]) -> dict[str, float]:
    import numpy as np

    from training.decision import metrics, stream

    tags = engine.manifest.tags
    gold = np.array([[tag in record["tags"] for tag in tags] for record in records])
    answers = [_said(engine, record["message"]) for record in records]
    said = np.array([[tag in answer for tag in tags] for answer in answers])
    in_stream = stream.figures(gold, said, list(tags), untagged_share=stream.UNTAGGED_SHARE)
    return {
        "micro_f1": metrics.micro_f1(gold, said),
        "false_alarms": in_stream.get("false_alarms", 0.0),
        "wrong": float((gold != said).any(axis=1).sum()),
    }


def _table(curves: Curves, points: Sequence[int]) -> list[str]:
    rows = [
        "| reviews | order | wrong messages met | rest: micro-F1 | wrong messages "
        "| false alarms in 1,000 |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for done in [0, *points]:
        for order in ORDERS:
            found = curves.rest[order, done]
            met = [each[done] for each in curves.met[order]]
            figures = [_mean([one[name] for one in found]) for name in ("micro_f1", "wrong")]
            alarms = _mean([one["false_alarms"] for one in found])
            every = _mean([each[-1] for each in curves.met[order]])
            rows.append(
                f"| {done} | {order} | {_mean(met):.1f} of {every:.1f} | {figures[0]:.3f} "
                f"| {figures[1]:.1f} | {alarms:.0f} |"
            )
    return rows


def _plot(curves: Curves, points: Sequence[int], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
    for order in ORDERS:
        met, style = curves.met[order], {"color": COLOURS[order], "label": order}
        left = [_mean([each[-1] - each[at] for each in met]) for at in range(len(met[0]))]
        axes[0].plot(left, **style)
        at = [0, *points]
        for axis, name in ((axes[1], "micro_f1"), (axes[2], "false_alarms")):
            values = [[one[name] for one in curves.rest[order, done]] for done in at]
            axis.plot(at, [_mean(each) for each in values], marker="o", **style)
            for done, each in zip(at, values, strict=True):
                axis.scatter([done] * len(each), each, s=10, alpha=0.4, color=COLOURS[order])
    titles = ("Wrong messages that nobody has met", "Micro-F1 on the rest", "False alarms in 1,000")
    for axis, title in zip(axes, titles, strict=True):
        axis.set(title=title, xlabel="reviews")
        axis.grid(alpha=0.3)
    axes[0].set_ylim(bottom=0)
    axes[2].set_ylim(bottom=0)
    axes[0].legend(frameon=False)
    figure.savefig(path, dpi=120)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _newest(folder: Path) -> Path:
    versions = sorted(path.parent for path in folder.glob("*/manifest.json"))
    if not versions:
        sys.exit(f"No model in {folder}: name one by --model, or train one (make train).")
    return versions[-1]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="JSON lines with message and tags")
    parser.add_argument("--model", type=Path, help="the version to start from (default: newest)")
    parser.add_argument(
        "--files", type=Path, nargs="*", default=[], help="default: the shipped ones"
    )
    parser.add_argument("--points", type=int, nargs="*", default=[25, 50, 100])
    parser.add_argument("--rest", type=int, default=43, help="messages that nobody reviews")
    parser.add_argument("--splits", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "var" / "learning-curve")
    options = parser.parse_args()
    options.model = options.model or _newest(CHECKOUT / "var" / "models")
    return options


if __name__ == "__main__":
    main()
