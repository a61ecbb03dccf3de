"""`manage.py models [--prune]`: the registered versions, and making room for new ones."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifier import pruning, registry
from classifier.models import ModelVersion
from classifier.pruning import Removal


class Command(BaseCommand):
    help = "List the model versions, newest first; * marks the live one. Or remove old folders."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--prune", action="store_true", help="remove the folders of versions nobody needs"
        )
        parser.add_argument(
            "--keep-days", type=int, metavar="N",
            help="with --prune: keep what was live, was registered or is named by messages in the "
            f"last N days (default: MODELS_KEEP_DAYS, {settings.MODELS_KEEP_DAYS})",
        )  # fmt: skip
        parser.add_argument(
            "--dry-run", action="store_true", help="with --prune: say what would go, remove nothing"
        )

    def handle(self, *args: Any, prune: bool, dry_run: bool, **options: Any) -> None:
        days = options["keep_days"]
        if not prune and (dry_run or days is not None):
            raise CommandError("--keep-days and --dry-run say how to --prune.")
        days = settings.MODELS_KEEP_DAYS if days is None else days
        if not 0 <= days <= 36_500:
            raise CommandError("--keep-days takes a number of days from 0 to 36500.")
        if prune:
            self._prune(days, dry_run)
        else:
            self._list()

    def _list(self) -> None:
        live = registry.live_version()
        for version in ModelVersion.objects.all():
            mark = "*" if version == live else " "
            f1 = "-" if version.micro_f1 is None else f"{version.micro_f1:.3f}"
            when = f"{version.created_at:%Y-%m-%d %H:%M}"
            self.stdout.write(f"{mark} {version.name}  {when}  F1 {f1}  {version.base_model}")
            if problem := registry.problem(version):
                self.stdout.write(f"    ✗ {problem}")

    def _prune(self, days: int, dry_run: bool) -> None:
        going = pruning.candidates if dry_run else pruning.prune
        removals = going(keep_days=days)
        for one in removals:
            self.stdout.write(f"  {one.version.name}  {_megabytes(one.size)}")
            if one.problem:
                self.stderr.write(f"    ✗ {one.problem}")
        gone = [one for one in removals if not one.problem]
        size = _megabytes(sum(one.size for one in gone))
        done = "would be removed" if dry_run else "removed"
        self.stdout.write(f"{_count(gone)} {done}, {size}. Their rows stay.")
        if len(gone) < len(removals):
            raise CommandError(f"{len(removals) - len(gone)} could not be removed; see above.")


def _count(gone: list[Removal]) -> str:
    return "1 model folder" if len(gone) == 1 else f"{len(gone)} model folders"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
