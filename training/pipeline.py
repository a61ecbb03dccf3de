"""The training, from labelled messages to a live model, top to bottom on this page.

    prepare → fine-tune → calibrate, thresholds, review band → export → evaluate → card
            → register → compare with what is live → activate

Every run stands on a `TrainingRun` row; nothing is visible to serving before `register`.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
from django.conf import settings
from django.utils import timezone

from classifier import artefact, folders, registry
from classifier.artefact import ArtefactError, EarlyExit
from classifier.models import ModelVersion, Tag
from training.card import comparison_text, document, report
from training.datasets import dataset as datasets
from training.datasets import holdout, sampling
from training.datasets import material as materials
from training.datasets import report as findings
from training.datasets.dataset import Example
from training.datasets.material import Material
from training.datasets.options import Options
from training.decision import calibration, early, metrics, review, stream, thresholds
from training.evaluation import contest, quality
from training.export import onnx_graph
from training.learning import crossfit, finetune, recipes, vocabulary
from training.learning.config import TrainingConfig
from training.models import Dataset, TrainingRun
from training.runs import champion, comparisons, due, gate, leftovers, recording
from training.runs.outages import outlive

Progress = Callable[[dict[str, Any]], None]


def train(
    *,
    config: TrainingConfig,
    paths: Sequence[Path] = (),
    trigger: str = TrainingRun.Trigger.COMMAND,
    options: Options | None = None,
    activation: gate.Policy = "always",
    skip_unchanged: bool = False,
    asked_by: str = "",
    asked: int | None = None,
    progress: Progress = lambda _: None,
) -> TrainingRun:
    """Train a version on the messages in `paths` (none: the shipped ones); returns the run's row.

    `options` say how to read them (default: as the settings say). What was found in them is told
    to `progress`, a step for each kind of finding.
    With `skip_unchanged` a run that is not due (`training.runs.due`) ends as skipped; one that was
    cancelled from elsewhere returns its row too. `asked_by` names the member of staff who wanted
    it, and `asked` the row that stands for this, if any. Raises `recording.AlreadyRunning` when
    another training is under way; any other error is recorded on the row and raised.
    """
    with recording.recorded(trigger, config.as_dict(), asked=asked) as run:

        def tell(step: dict[str, Any]) -> None:
            progress(step)
            run.report(step, now="batch" not in step)

        leftovers.sweep(models_dir=settings.MODELS_DIR, datasets_dir=settings.DATASETS_DIR)
        compare = activation == "if-not-worse"
        if skip_unchanged or compare:
            champion.check()
        run.update(
            asked_by=asked_by,
            shape=due.shape(config, paths, options=options),
            reviews_up_to=due.newest_review(),
        )
        if skip_unchanged:
            _skip_unless_due(config, paths, options)
        tell({"step": "prepare the data set"})
        dataset = outlive(lambda: _prepare(paths, options))
        run.update(dataset=dataset)
        for found in findings.summary(dataset):
            progress({"step": found})
        material = outlive(lambda: materials.gather(dataset, compare=compare))
        if material.kept_apart:
            tell({"step": material.kept_apart})
        material = sampling.few(material, config.learn_from, seed=config.seed)

        fitted, held_out = _learn(material, config, tell)

        tell({"step": "calibrate and choose thresholds"})
        decision = _decide(held_out, material.tags, config)

        tell({"step": "export, quantise and evaluate"})
        version = _publish(fitted, held_out, decision, material, run)
        outlive(lambda: holdout.remember(dataset))

        tell({"step": "compare with the live version"})
        compared = _compare(version, material, config)
        provisional = material.live is not None and material.live.quick
        verdict = gate.decide(activation, compared, provisional=provisional)
        run.commit(lambda: _settle(run, version, material, verdict, compared))
        progress({"step": verdict.reason})
    return run.run


def _skip_unless_due(
    config: TrainingConfig, paths: Sequence[Path], options: Options | None
) -> None:
    found = due.assess(config, paths, options=options)
    if not found.is_due:
        raise recording.Skipped(found.reason)


def _prepare(paths: Sequence[Path], options: Options | None) -> Dataset:
    holdout.remember_live()
    return datasets.prepare(paths, options=options)


def _learn(
    material: Material, config: TrainingConfig, tell: Progress
) -> tuple[finetune.Fitted, report.HeldOut]:
    """The network, and what the recipe says of messages that it has not learnt from.

    Enough messages: those of the validation split, which also finds the best epoch. Too few for
    that: all, each from a network that did not see it; then the network that will serve learns
    from all of them.
    """
    tags, descriptions = material.tags, _descriptions(material.tags)
    every = [*material.train, *material.validation]
    if len(every) >= config.cross_fit_below:
        tell({"step": "fine-tune"})
        fitted = recipes.fit(
            train=_arrays(material.train, tags),
            validation=_arrays(material.validation, tags),
            descriptions=descriptions,
            config=config,
            progress=tell,
        )
        exits = fitted.exits(_messages(material.validation))
        return fitted, report.HeldOut(material.validation, exits, folds=None)
    trainings = config.folds + 1
    tell({"step": f"fine-tune {trainings} times", "fits": trainings})
    exits = crossfit.out_of_fold(
        every, tags, descriptions=descriptions, config=config, progress=tell
    )
    tell({"step": "fine-tune on all messages"})
    fitted = recipes.fit(
        train=_arrays(every, tags),
        validation=None,
        descriptions=descriptions,
        config=config,
        progress=tell,
    )
    return fitted, report.HeldOut(every, exits, folds=config.folds)


def _decide(
    held_out: report.HeldOut, tags: Sequence[str], config: TrainingConfig
) -> report.Decision:
    """Temperatures, thresholds, the review band and who ends early, from held-out messages alone,
    weighed as a shop's stream of messages is made up."""
    gold, exits = metrics.settle_unknown(quality.labels(held_out.examples, tags), held_out.exits)
    weight = stream.weights(gold, config.untagged_share)

    def fitted(logits: metrics.Floats) -> tuple[list[float], metrics.Floats]:
        """Temperatures, and the probabilities by them."""
        found = [1.0] * len(tags)
        if config.calibrate:
            found = calibration.fit_temperatures(logits, gold, weight=weight)
        return found, metrics.sigmoid(logits / np.array(found))

    temperatures, probabilities = fitted(exits[-1])
    threshold = thresholds.search_global(probabilities, gold, config.thresholds, weight=weight)
    per_tag = [threshold] * len(tags)
    if config.per_tag_thresholds:
        per_tag = thresholds.search_per_tag(
            probabilities, gold, config.thresholds, threshold=threshold, weight=weight
        )
    review_band = review.band(probabilities, gold, weight=weight)
    early_exit = None
    if len(exits) > 1:
        own, first = fitted(exits[0])
        band = early.band(
            first,
            probabilities,
            thresholds=np.array(per_tag),
            review_band=review_band,
            weight=weight,
        )
        if early.is_worth_it(first, band, weight=weight):
            early_exit = EarlyExit(temperatures=dict(zip(tags, own, strict=True)), band=band)
    return report.Decision(
        threshold=threshold,
        thresholds=dict(zip(tags, per_tag, strict=True)),
        temperatures=dict(zip(tags, temperatures, strict=True)),
        review_band=review_band,
        curve=thresholds.curve(probabilities, gold, config.thresholds, weight=weight),
        early_exit=early_exit,
    )


def _publish(
    fitted: finetune.Fitted,
    held_out: report.HeldOut,
    decision: report.Decision,
    material: Material,
    run: recording.Handle,
) -> ModelVersion:
    """Write the model folder beside the others, seal it under its name, and register it."""
    if decision.early_exit is None:
        fitted.network.early = None  # hardly a message would end there
    # What was decided out of fold was learnt from afterwards.
    unseen = [*([] if held_out.folds else material.validation), *material.test]
    before_test = len(unseen) - len(material.test)
    labels = quality.labels(unseen, material.tags)
    with leftovers.staging_folder(settings.MODELS_DIR) as staging:
        exported = onnx_graph.export(
            fitted,
            staging,
            messages=_messages(unseen),
            samples=_messages(material.train),
            gold=labels == 1,
            decide=lambda exits: decision.holds(metrics.settle_unknown(labels, exits)[1]),
        )
        run.check()
        vocabulary.familiarity(
            fitted.reader,
            train=_messages(material.train),
            held_out=_messages([*material.validation, *material.test]),
        ).save(staging)
        facts = report.build(
            fitted=fitted,
            exported=exported,
            decision=decision,
            dataset=material.dataset,
            validation=held_out,
            test=report.HeldOut(material.test, exported.exits[:, before_test:]),
        )
        facts["dataset"]["kept_apart"] = material.kept_apart
        if fitted.config.frozen_layers:
            facts["quick"] = _quick(held_out, material, run)
        document.write_card(staging, report=facts)
        manifest = report.manifest(facts, decision, fitted.config)
        run.check()
        folder = artefact.publish(
            staging=staging, models_dir=settings.MODELS_DIR, manifest=manifest
        )
    return _register(folder, run)


def _quick(held_out: report.HeldOut, material: Material, run: recording.Handle) -> dict[str, int]:
    """From how many messages a quick version has learnt, of how many, and in what time so far."""
    every = [*material.train, *(held_out.examples if held_out.folds else ())]
    sizes = material.dataset.sizes
    return {
        "messages": len({example.message for example in every}),
        "of": sizes["train"] + (sizes["validation"] if held_out.folds else 0),
        "seconds": round((timezone.now() - run.run.started_at).total_seconds()),
    }


def _register(folder: Path, run: recording.Handle) -> ModelVersion:
    """The version of the new folder, which goes again when the run may not have a result."""

    def register() -> ModelVersion:
        version = registry.register(folder.name)
        run.update(model_version=version)
        return version

    with suppress(ArtefactError):  # an upload may take minutes, in which the row is not held;
        folders.share(folder.name)  # what is wrong with the bucket, `register` says
    try:
        return run.commit(register)
    except (recording.LeaseLost, recording.Cancelled):
        with suppress(ArtefactError):
            folders.remove(folder.name)
        raise


def _compare(
    version: ModelVersion, material: Material, config: TrainingConfig
) -> gate.Report | None:
    """The report on the new version beside the live one; None where there is none."""
    if material.live is None:
        return None
    return contest.compare(
        challenger=version,
        champion=material.live,
        hold_out=material.test,
        before=material.live_test,
        stream=material.stream,
        learnt=[*material.train, *material.validation],
        untagged_share=config.untagged_share,
    )


def _settle(
    run: recording.Handle,
    version: ModelVersion,
    material: Material,
    decision: gate.Decision,
    report: gate.Report | None,
) -> None:
    """Store the report, activate and say so on the run's row: all of it or nothing."""
    if report is not None and material.live is not None:
        comparisons.store(
            run=run.run,
            challenger=version,
            champion=material.live,
            report=report,
            decision=decision,
            markdown=comparison_text.markdown(report, decision),
        )
    if decision.activate:
        reason = shorten(decision.reason, 255, placeholder=" …")
        registry.activate(version, reason=reason, actor=f"training run {run.run.pk}")
    run.update(
        activated=decision.activate, reason=f"{decision.reason} {material.kept_apart}".strip()
    )


def _arrays(examples: Sequence[Example], tags: Sequence[str]) -> tuple[list[str], metrics.Labels]:
    return _messages(examples), quality.labels(examples, tags)


def _messages(examples: Sequence[Example]) -> list[str]:
    return [example.message for example in examples]


def _descriptions(tags: Sequence[str]) -> dict[str, str]:
    rows = dict(Tag.objects.values_list("name", "description"))
    return {tag: rows[tag] for tag in tags}
