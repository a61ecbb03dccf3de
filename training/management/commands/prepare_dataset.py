"""`manage.py prepare_dataset [FILE…]`: prepares a data set and prints what it found."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifier import tag_loading
from classifier.tag_loading import TagsError
from training.datasets import options as reading
from training.datasets.dataset import DatasetError, prepare
from training.datasets.report import lines


class Command(BaseCommand):
    help = "Read, check, deduplicate and split labelled messages into a data set for training."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files",
            nargs="*",
            type=Path,
            metavar="FILE",
            help="JSON, CSV or Excel with message, tags and group (default: the shipped messages).",
        )
        reading.add_arguments(parser)

    def handle(self, *, files: list[Path], **options: Any) -> None:
        try:
            tag_loading.first()
            dataset = prepare(files, options=reading.chosen(options))
        except (DatasetError, TagsError) as error:
            raise CommandError(f"No data set was made: {error}") from error
        for line in lines(dataset):
            self.stdout.write(line)
