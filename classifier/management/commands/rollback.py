"""`manage.py rollback`: back to the model that was live before the present one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifier import registry, terminal


class Command(BaseCommand):
    help = "Make the version live that was live before the present one; again to go further back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", default="", help="why; kept in the ledger")

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        try:
            activation = registry.rollback(actor=terminal.user(), reason=reason)
        except registry.RegistryError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{activation.version} is live again.")
