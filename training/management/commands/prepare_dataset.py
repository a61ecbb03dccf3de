"""`manage.py prepare_dataset [FILE…]`: prepares a data set and prints what it found."""

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from training.datasets.dataset import DatasetError, prepare
from training.datasets.report import lines


def share(value: str) -> float:
    """A share from 0 to 1 on the command line."""
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ArgumentTypeError(f"{value!r} is not a share from 0 to 1, like 0.02")
    return number


class Command(BaseCommand):
    help = "Read, check, deduplicate and split labelled messages into a data set for training."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files",
            nargs="*",
            type=Path,
            metavar="FILE",
            help="JSON lines or CSV with message, tags and group (default: the shipped messages).",
        )
        parser.add_argument(
            "--max-bad-share",
            type=share,
            default=0.02,
            metavar="X",
            help="Refuse when more than this share of the records is bad (default: 0.02).",
        )

    def handle(self, *, files: list[Path], max_bad_share: float, **options: Any) -> None:
        try:
            dataset = prepare(files, max_bad_share=max_bad_share)
        except DatasetError as error:
            raise CommandError(f"No data set was made: {error}") from error
        for line in lines(dataset):
            self.stdout.write(line)
