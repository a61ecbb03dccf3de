"""The training, from labelled messages to a live model, top to bottom on this page.

    prepare → fine-tune → calibrate → thresholds → export → evaluate → card → register → activate

Every run stands on a `TrainingRun` row; nothing is visible to serving before `register`.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from classifier import artefact, registry
from classifier.engine import Engine
from classifier.models import ModelVersion, Tag
from training import (
    calibration,
    card,
    duplicates,
    evaluation,
    export,
    finetune,
    gate,
    metrics,
    report,
    runs,
    thresholds,
)
from training import dataset as datasets
from training.config import TrainingConfig
from training.dataset import Example
from training.models import Dataset, TrainingRun

Progress = Callable[[dict[str, Any]], None]


def train(
    *,
    config: TrainingConfig,
    paths: Sequence[Path] = (),
    trigger: str = TrainingRun.Trigger.COMMAND,
    activation: gate.Policy = "always",
    skip_unchanged: bool = False,
    progress: Progress = lambda _: None,
) -> TrainingRun:
    """Train a version on the messages in `paths` (none: the shipped ones); returns the run's row.

    With `skip_unchanged` a data set that this config was trained on before ends the run as
    skipped. Raises `runs.AlreadyRunning` when another training is under way; any other error is
    recorded on the row and raised.
    """
    with runs.recorded(trigger, config.as_dict()) as run:

        def tell(step: dict[str, Any]) -> None:
            progress(step)
            run.report(step, now="validation_micro_f1" in step)

        tell({"step": "prepare the data set"})
        dataset = datasets.prepare(paths)
        run.update(dataset=dataset)
        if skip_unchanged:
            _skip_if_trained(dataset, config)
        tags = list(datasets.load_tags(dataset))
        live = registry.live_version()
        live_test = _live_test_split(live)
        training = _without(datasets.load_split(dataset, "train"), live_test, activation)
        validation = datasets.load_split(dataset, "validation")
        test = datasets.load_split(dataset, "test")

        fitted = finetune.fit(
            train=_arrays(training, tags),
            validation=_arrays(validation, tags),
            descriptions=_descriptions(tags),
            config=config,
            progress=tell,
        )

        tell({"step": "calibrate and choose thresholds"})
        logits, gold = fitted.logits(_messages(validation)), evaluation.labels(validation, tags)
        temperatures = (
            calibration.fit_temperatures(logits, gold) if config.calibrate else [1.0] * len(tags)
        )
        probabilities = metrics.sigmoid(logits / np.array(temperatures))
        threshold = thresholds.search_global(probabilities, gold, config.thresholds)
        per_tag = (
            thresholds.search_per_tag(probabilities, gold, config.thresholds, threshold=threshold)
            if config.per_tag_thresholds
            else [threshold] * len(tags)
        )
        decision = report.Decision.of(tags, threshold, per_tag, temperatures)

        with _staging_folder() as staging:
            tell({"step": "export and quantise"})
            held_out = [*validation, *test]
            exported = export.export(
                fitted,
                staging,
                messages=_messages(held_out),
                score=lambda z: decision.micro_f1(z, evaluation.labels(held_out, tags)),
            )

            tell({"step": "evaluate on the test split"})
            facts = report.build(
                fitted=fitted,
                exported=exported,
                decision=decision,
                dataset=dataset,
                splits={"validation": validation, "test": test},
                graph=staging / artefact.MODEL,
                curve=thresholds.curve(probabilities, gold, config.thresholds),
            )
            card.write_card(staging, report=facts)

            tell({"step": "register"})
            manifest = report.manifest(facts, decision, config)
            artefact.publish(staging=staging, models_dir=settings.MODELS_DIR, manifest=manifest)
        version = registry.register(manifest.name)
        run.update(model_version=version)

        candidate_f1, live_f1 = _compare(version, live, live_test, activation)
        activate, reason = gate.decide(activation, candidate=candidate_f1, live=live_f1)
        if activate:
            registry.activate(version, reason=reason, actor=f"training run {run.run.pk}")
        run.update(activated=activate, reason=reason)
        tell({"step": reason})
    return run.run


def _skip_if_trained(dataset: Dataset, config: TrainingConfig) -> None:
    before = TrainingRun.objects.filter(
        state=TrainingRun.State.SUCCEEDED, dataset=dataset, config=config.as_dict()
    ).first()
    if before is not None:
        raise runs.Skipped(
            f"Nothing has changed: data set {dataset} was trained as {before.model_version}."
        )


def _live_test_split(live: ModelVersion | None) -> list[Example]:
    """The test split of the data set that the live version was trained on; empty if unknown."""
    dataset = live and Dataset.objects.filter(digest=live.dataset_digest).first()
    if not dataset:
        return []
    try:
        return datasets.load_split(dataset, "test")
    except datasets.DatasetError:
        return []


def _without(
    training: list[Example], live_test: list[Example], activation: gate.Policy
) -> list[Example]:
    """What will be compared on the live test split may not learn from its messages."""
    if activation != "if-not-worse":
        return training
    barred = {duplicates.normalise(e.message) for e in live_test}
    return [e for e in training if duplicates.normalise(e.message) not in barred]


def _compare(
    version: ModelVersion,
    live: ModelVersion | None,
    live_test: list[Example],
    activation: gate.Policy,
) -> tuple[float | None, float | None]:
    """Micro-F1 of (candidate, live) on the live version's test split, as both would serve."""
    if activation != "if-not-worse" or live is None or not live_test:
        return None, None
    engines = (Engine.load(settings.MODELS_DIR / v.name) for v in (version, live))
    candidate, present = (
        evaluation.engine_micro_f1(engine, live_test, live.tags) for engine in engines
    )
    return candidate, present


@contextmanager
def _staging_folder() -> Iterator[Path]:
    """A folder on the file system of the models, gone afterwards unless it was renamed."""
    settings.MODELS_DIR.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=settings.MODELS_DIR, prefix=".staging-"))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _arrays(examples: Sequence[Example], tags: Sequence[str]) -> tuple[list[str], Any]:
    return _messages(examples), evaluation.labels(examples, tags)


def _messages(examples: Sequence[Example]) -> list[str]:
    return [example.message for example in examples]


def _descriptions(tags: Sequence[str]) -> dict[str, str]:
    rows = dict(Tag.objects.values_list("name", "description"))
    return {tag: rows[tag] for tag in tags}
