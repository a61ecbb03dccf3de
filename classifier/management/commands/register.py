"""`manage.py register FOLDER`: a version from a model folder anywhere, such as a backup."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifier import registry, terminal


class Command(BaseCommand):
    help = "Verify a model folder, copy it beside the others and register it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="with manifest.json in it, wherever it is")
        parser.add_argument("--activate", action="store_true", help="make it live as well")
        parser.add_argument("--reason", default="", help="why; kept in the ledger")

    def handle(self, *args: Any, folder: Path, activate: bool, reason: str, **options: Any) -> None:
        try:
            version = registry.restore(folder)
            if activate:
                registry.activate(version, reason=reason, actor=terminal.user())
        except registry.RegistryError as error:
            raise CommandError(str(error)) from error
        way_on = "It is live." if activate else f"`manage.py activate {version}` makes it live."
        self.stdout.write(f"{version} is registered. {way_on}")
