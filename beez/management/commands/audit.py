"""`audit export`: the audit log on standard output, the newest row first."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from beez.audit import export, trail
from beez.audit.models import AuditEntry
from classifier.terminal import user


class Command(BaseCommand):
    help = "Export what staff, keys and commands did."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        exported = verbs.add_parser("export", help="print the log, the newest row first")
        exported.add_argument("--format", choices=sorted(export.FORMATS), default="jsonl")
        exported.add_argument("--since", type=_moment, metavar="DATE", help="like 2026-01-31, UTC")
        exported.add_argument("--until", type=_moment, metavar="DATE", help="that day excluded")
        exported.add_argument("--action", help="exactly, like key.revoked")

    def handle(self, *, format: str, since: Any, until: Any, action: str, **_: Any) -> None:
        wanted = {"at__gte": since, "at__lt": until, "action": action}
        entries = AuditEntry.objects.filter(**{k: v for k, v in wanted.items() if v is not None})
        trail.record("audit.exported", subject=f"audit.{format}", actor=user())
        try:
            for line in export.FORMATS[format][1](entries):
                self.stdout.write(line, ending="")
        except BrokenPipeError:  # as by `head`
            raise CommandError("Nobody reads on.") from None


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if timezone.is_aware(found) else found.replace(tzinfo=UTC)
