"""`manage.py evaluate [FILE] [--conversations FILE]`: how good a version is on labelled data."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from classifier import registry
from classifier.engine import Engine
from classifier.registry import RegistryError
from training.datasets.gathering import DatasetError
from training.datasets.options import share
from training.evaluation import scoring


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="messages: JSON, CSV or Excel")
        parser.add_argument(
            "--conversations", type=Path, metavar="FILE",
            help="conversations: JSON lines of {conversation_id, messages: [{message, tags}]}",
        )  # fmt: skip
        parser.add_argument(
            "--max-bad-share", type=share, default=0.0, metavar="X",
            help="measure without bad records as long as they are no more than this (default: 0)",
        )  # fmt: skip
        parser.add_argument("--model", metavar="VERSION", help="default: the live version")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, **options: Any) -> None:
        if not options["file"] and not options["conversations"]:
            raise CommandError("Name a FILE of messages, or --conversations FILE, or both.")
        try:
            engine = _engine(options["model"])
            figures: dict[str, Any] = {}
            if path := options["file"]:
                figures["messages"] = scoring.score_messages(
                    engine, path, max_bad_share=options["max_bad_share"], tell=self.stderr.write
                )
            if path := options["conversations"]:
                figures["conversations"] = scoring.score_conversations(
                    engine, path, tell=self.stderr.write
                )
        except (RegistryError, DatasetError) as error:
            raise CommandError(str(error)) from error
        text = json.dumps(figures, indent=2) if options["json"] else scoring.as_text(figures)
        self.stdout.write(text)


def _engine(name: str | None) -> Engine:
    version = registry.find(name) if name else registry.live_version()
    if version is None:
        raise CommandError("No version is live. Train one, or name one with --model.")
    return registry.load(version, threads=settings.ENGINE_THREADS)
