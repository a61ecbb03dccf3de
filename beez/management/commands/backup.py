"""`manage.py backup FOLDER`: database, models and data sets in a new folder."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from beez.backup import BackupError, places, saving


class Command(BaseCommand):
    help = "Save everything that Beez must not lose, while it goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a new one for each backup")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            saved = saving.save(folder, tell=_show if sys.stdout.isatty() else lambda *_: None)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        megabytes = sum((folder / name).stat().st_size for name in saved.files) // 2**20
        self.stdout.write(f"{folder} holds everything: {len(saved.files)} files, {megabytes} MB.")
        if places.SECRET_KEY not in saved.files:
            self.stdout.write("SECRET_KEY comes from your settings: keep those, too.")
        self.stdout.write("It holds what customers wrote. Guard it as you guard the database.")


def _show(done: int, whole: int) -> None:
    print(f"… models and data sets  {done * 100 // max(whole, 1)} %", end="\r", flush=True)
