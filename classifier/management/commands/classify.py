"""`manage.py classify "…" ["…"]`: the live model's answer for messages, in a terminal."""

import sys
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.exceptions import ValidationError

from classifier import live
from classifier.bars import bar
from classifier.fields import MessageField
from classifier.serializers import answer
from classifier.terminal import json_line, printable


class Command(BaseCommand):
    help = "Print the tags of each message and a bar for every probability; │ is the threshold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("message", nargs="*", help="none: one for each line of standard input")
        parser.add_argument("--json", action="store_true", help="one JSON object for each message")

    def handle(self, *args: Any, message: list[str], **options: Any) -> None:
        try:
            model = live.current()
        except live.NoModel as error:
            raise CommandError(
                f"{error.reason}\n`manage.py models` lists every version."
            ) from error
        done = failed = 0
        for place, text in _numbered("message", message) if message else _lines(sys.stdin):
            try:
                found = answer(model, _checked(text))
            except ValidationError as error:
                failed += 1
                self.stderr.write(f"{place}: {' '.join(map(str, error.detail))}")
                continue
            done += 1
            if options["json"]:
                self.stdout.write(json_line({"message": text, **found}))
            else:
                self._draw(text, found)
        if failed:
            raise CommandError(f"{failed} of {done + failed} messages were not classified.")

    def _draw(self, text: str, found: dict[str, Any]) -> None:
        tags = ", ".join(entry["tag"] for entry in found["selected"])
        self.stdout.write(f"{printable(text)}\n  → {tags or 'no tag'}")
        width = max(len(entry["tag"]) for entry in found["all"])
        for entry in found["all"]:
            drawn = bar(entry["confidence"], threshold=entry["threshold"])
            self.stdout.write(f"  {entry['tag']:<{width}}  {drawn}  {entry['confidence']:.2f}")


def _lines(stream: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(place, message) of each line that is not blank."""
    if isinstance(stream, TextIOWrapper):  # bytes that are not UTF-8 fail in their own line
        stream.reconfigure(encoding="utf-8-sig", errors="surrogateescape")
    for place, line in _numbered("line", stream):
        if line.strip():
            yield place, line.rstrip("\r\n")


def _numbered(what: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((f"{what} {number}", text) for number, text in enumerate(texts, start=1))


def _checked(text: str) -> str:
    """The rules of the API hold here too; ValidationError."""
    return str(MessageField().run_validation(text))
