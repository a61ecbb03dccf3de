"""`manage.py classify "…" ["…"]`: the live model's answer for messages, in a terminal."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.exceptions import ValidationError

from classifier import live
from classifier.bars import bar
from classifier.fields import MessageField
from classifier.serializers import answer


class Command(BaseCommand):
    help = "Print the tags of each message and a bar for every probability; │ is the threshold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("message", nargs="*", help="none: one for each line of standard input")
        parser.add_argument("--json", action="store_true", help="one JSON object for each message")

    def handle(self, *args: Any, message: list[str], **options: Any) -> None:
        try:
            model = live.current()
        except live.NoModel as error:
            raise CommandError(str(error)) from error
        for text in message or _lines(sys.stdin):
            found = answer(model, _checked(text))
            if options["json"]:
                self.stdout.write(json.dumps({"message": text, **found}, ensure_ascii=False))
            else:
                self._draw(text, found)

    def _draw(self, text: str, found: dict[str, Any]) -> None:
        tags = ", ".join(entry["tag"] for entry in found["selected"])
        self.stdout.write(f"{text}\n  → {tags or 'no tag'}")
        width = max(len(entry["tag"]) for entry in found["all"])
        for entry in found["all"]:
            drawn = bar(entry["confidence"], threshold=entry["threshold"])
            self.stdout.write(f"  {entry['tag']:<{width}}  {drawn}  {entry['confidence']:.2f}")


def _lines(stream: Iterable[str]) -> Iterator[str]:
    try:
        yield from (line.rstrip("\r\n") for line in stream if line.strip())
    except UnicodeDecodeError as error:
        raise CommandError(f"Standard input is not UTF-8: {error}") from error


def _checked(text: str) -> str:
    """The rules of the API hold here too."""
    try:
        return str(MessageField().run_validation(text))
    except ValidationError as error:
        raise CommandError(f"{text[:50]!a}: {' '.join(map(str, error.detail))}") from error
