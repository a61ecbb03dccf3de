"""`manage.py train [FILE …]`: fine-tune a version on labelled messages and make it live."""

import os
from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from beez.launch import children
from classifier import tag_loading
from classifier.artefact import ArtefactError
from classifier.registry import RegistryError
from classifier.tag_loading import TagsError
from training import pipeline
from training.datasets import options as reading
from training.datasets.dataset import DatasetError
from training.evaluation import scoring
from training.evaluation.contest import ContestError
from training.export.onnx_graph import ExportError
from training.learning import changes
from training.learning.base_models import BaseModelError
from training.learning.config import PRESETS, TrainingConfig
from training.models import TrainingRun
from training.runs import interruption, recording
from training.runs.champion import ChampionError
from training.runs.progress import Bars

EXPECTED = (
    recording.LeaseLost,
    ArtefactError,
    BaseModelError,
    ChampionError,
    ContestError,
    DatasetError,
    ExportError,
    RegistryError,
    TagsError,
    OSError,
)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files", nargs="*", type=Path, metavar="FILE",
            help="JSON, CSV or Excel (default: TRAINING_FILES, else the shipped messages)",
        )  # fmt: skip
        reading.add_arguments(parser)
        parser.add_argument("--preset", choices=PRESETS, default=settings.TRAINING_PRESET)
        parser.add_argument("--base-model", default=settings.BASE_MODEL)
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", dest="changes",
            help="change a setting of the preset, such as epochs=5 (repeatable)",
        )  # fmt: skip
        parser.add_argument("--no-activate", action="store_true", help="register only")
        parser.add_argument(
            "--if-not-worse", action="store_true",
            help="activate only when not worse than the live version beyond chance",
        )  # fmt: skip
        parser.add_argument(
            "--skip-unchanged", action="store_true",
            help="do nothing unless a training is due: enough messages were reviewed since the "
            "last one (RETRAIN_AFTER_REVIEWS), or tags, files or settings have changed",
        )  # fmt: skip
        parser.add_argument(
            "--trigger",
            choices=TrainingRun.Trigger.values,
            default=TrainingRun.Trigger.COMMAND,
            help=SUPPRESS,  # for the tasks: what the run's row says of who started it
        )
        parser.add_argument("--asked-by", default="", help=SUPPRESS)  # who of the staff
        parser.add_argument("--asked", type=int, default=None, help=SUPPRESS)  # the row that asks

    def handle(self, **options: Any) -> None:
        config, trigger = _config(options), options["trigger"]
        policy = _policy(options)
        by_hand = trigger == TrainingRun.Trigger.COMMAND
        if not by_hand:
            os.nice(10)  # serving comes first where both share the cores
            children.end_with_parent()
        try:
            with interruption.by_signals():
                tag_loading.first()
                run = pipeline.train(
                    config=config,
                    paths=options["files"],
                    options=reading.chosen(options),
                    trigger=trigger,
                    activation=policy,
                    skip_unchanged=options["skip_unchanged"],
                    asked_by=options["asked_by"],
                    asked=options["asked"],
                    progress=Bars(),
                )
        except recording.AlreadyRunning as error:
            if by_hand:
                raise CommandError(str(error)) from error
            if options["asked"] is not None:  # the row waits on, or another process has it
                return
            run = recording.skip(
                trigger, config.as_dict(), str(error), asked_by=options["asked_by"]
            )
        except EXPECTED as error:
            raise CommandError(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"The database cannot be used: {error}") from error
        except interruption.Interrupted as stop:
            raise CommandError(f"{stop} Nothing went live.", returncode=128 + stop.number) from None
        if run.state == TrainingRun.State.CANCELLED:
            raise CommandError(f"{run.reason} Nothing went live.")
        self.stdout.write(_summary(run))


def _config(options: dict[str, Any]) -> TrainingConfig:
    try:
        return changes.configured(
            preset=options["preset"],
            base_model=options["base_model"],
            changes=options["changes"],
        )
    except (TypeError, ValueError) as error:
        raise CommandError(f"--set, or TRAINING_CHANGES: {error}") from error


def _policy(options: dict[str, Any]) -> Any:
    if options["no_activate"] and options["if_not_worse"]:
        raise CommandError("--no-activate and --if-not-worse exclude each other.")
    if options["no_activate"]:
        return "never"
    return "if-not-worse" if options["if_not_worse"] else "always"


def _summary(run: TrainingRun) -> str:
    if run.model_version is None:
        return f"{run.state}: {run.reason}"
    found = run.model_version.metrics
    # Out of fold there are many more messages than in the test split of few, so they come first.
    splits = ("validation", "test") if found.get("folds") else ("test",)
    lines = [str(run.model_version)]
    for name in splits:
        lines += ["out of fold:" if name == "validation" else "test split:"]
        lines += scoring.split_lines(found[name])
    return "\n".join([*lines, run.reason])
