"""`manage.py restore FOLDER`: Beez as it was when `manage.py backup` made the folder."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from beez.backup import BackupError, restoring
from classifier import registry


class Command(BaseCommand):
    help = "Bring a backup back, into an empty database unless --replace is said."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="which `manage.py backup` made")
        parser.add_argument(
            "--replace", action="store_true", help="throw away what the database has now"
        )

    def handle(self, *args: Any, folder: Path, replace: bool, **options: Any) -> None:
        try:
            saved = restoring.restore(folder, replace=replace)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        live = registry.live_version()
        self.stdout.write(
            f"Beez is as it was on {saved.created_at}; live: {live or 'no model'}. "
            "Start web, worker and beat, and look with: manage.py doctor"
        )
