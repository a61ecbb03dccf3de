"""`manage.py expire`: erase what is older than RETENTION_DAYS now, as the worker does every day."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from beez.staff.pages import counted
from conversations import retention


class Command(BaseCommand):
    help = "Erases conversations whose last message is older than RETENTION_DAYS, with a receipt."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        if not settings.RETENTION_DAYS:
            raise CommandError("RETENTION_DAYS is 0: conversations are kept for ever.")
        waiting = retention.expired().count()
        age = f"older than {counted(settings.RETENTION_DAYS, 'day')}"
        if dry_run:
            self.stdout.write(f"{counted(waiting, 'conversation')} {age} would be erased.")
            return
        erased = 0
        with tqdm(total=waiting, unit="conversation", disable=not sys.stderr.isatty()) as bar:
            for number in retention.expire():
                erased += number
                bar.update(number)
        self.stdout.write(f"{counted(erased, 'conversation')} {age} erased.")
