"""`manage.py replay FILE`: play conversations and print how their tag evolves."""

import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rest_framework.exceptions import APIException

from conversations import replay
from conversations.erasure import erase


class Command(BaseCommand):
    help = (
        "Plays conversations from a file of JSON lines, {conversation_id, messages: [...]}, "
        "through the live model and stores them as replay-…, each time as new ones."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            default=replay.DEMONSTRATION,
            help="default: a shipped one",
        )
        parser.add_argument(
            "--rule", choices=["newest", "mean"], help="default: CONVERSATION_RULE of the settings"
        )
        parser.add_argument(
            "--reset",
            action="store_true",
            help="store them as replay-ID alone, over those of the last replay",
        )

    def handle(self, *, file: Path, rule: str | None, reset: bool, **options: Any) -> None:
        prefix = "replay-" if reset else f"replay-{secrets.token_hex(4)}-"
        try:
            for script in replay.read(file, tell=self.stderr.write):
                self._play(script, prefix + script.conversation_id, rule)
        except replay.BadFileError as error:
            raise CommandError(str(error)) from error
        except APIException as error:
            raise CommandError(str(error.detail)) from error
        self.stderr.write(f"Stored as {prefix}…")

    def _play(self, script: replay.Script, conversation_id: str, rule: str | None) -> None:
        erase(conversation_id=conversation_id, actor="replay")
        self.stdout.write(f"\n{script.conversation_id}\n{replay.HEADING}")
        for posted in replay.play(script, conversation_id=conversation_id, rule=rule):
            self.stdout.write(replay.row(posted))
