"""`manage.py models`: every registered model version, newest first, the live one marked."""

from typing import Any

from django.core.management.base import BaseCommand

from classifier import registry
from classifier.models import ModelVersion


class Command(BaseCommand):
    help = "List the registered model versions; * marks the live one."

    def handle(self, *args: Any, **options: Any) -> None:
        live = registry.live_version()
        for version in ModelVersion.objects.all():
            mark = "*" if version == live else " "
            f1 = "-" if version.micro_f1 is None else f"{version.micro_f1:.3f}"
            when = f"{version.created_at:%Y-%m-%d %H:%M}"
            self.stdout.write(f"{mark} {version.name}  {when}  F1 {f1}  {version.base_model}")
