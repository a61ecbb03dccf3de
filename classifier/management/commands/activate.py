"""`manage.py activate VERSION`: make a registered model live in every process."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifier import registry, terminal


class Command(BaseCommand):
    help = "Make a model version live; every serving process takes it up within two seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", help="its name, or the beginning of it")
        parser.add_argument("--reason", default="", help="why; kept in the ledger")

    def handle(self, *args: Any, version: str, reason: str, **options: Any) -> None:
        try:
            found = registry.find(version)
            activation = registry.activate(found, reason=reason, actor=terminal.user())
        except registry.RegistryError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{activation.version} is live.")
