"""`manage.py doctor`: what is well, what is not, and what to do; exit code 1 where something is."""

import json
from typing import Any

from django.core import checks
from django.core.management.base import BaseCommand, CommandError, CommandParser

from beez.launch import complaints
from beez.status import api, facts, parts, sentences
from beez.status.sentences import Line

MARKS = {"good": "✓", "attention": "!", "broken": "✗"}


class Command(BaseCommand):
    help = "Say how Beez is doing and what to do; exit code 0: well, 1: something is broken."
    requires_system_checks: list[str] = []  # noqa: RUF012 - what they find is told as a line

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="as GET /status answers")

    def handle(self, **options: Any) -> None:
        if not options["json"] and parts.lacks_tables():
            raise CommandError(complaints.NO_TABLES)
        found = facts.gather(thorough=True)
        told = [*sentences.lines(found), *_settings()]
        if options["json"]:
            self.stdout.write(json.dumps(api.answer(found, told), indent=2, ensure_ascii=False))
        else:
            for line in told:
                self.stdout.write(f"{MARKS[line.state]} {line.text}")
                if line.advice:
                    self.stdout.write(f"    {line.advice}")
        if not sentences.is_well(told):
            raise SystemExit(1)


def _settings() -> list[Line]:
    """Settings that do not fit together, as Django's checks find them."""
    return [
        Line(
            topic="parts",
            about="settings",
            state="broken" if message.level >= checks.ERROR else "attention",
            text=message.msg,
            advice=message.hint or "",
        )
        for message in checks.run_checks()
        if message.is_serious(checks.WARNING)
    ]
