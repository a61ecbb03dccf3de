"""`manage.py classify_file IN OUT`: tags of every message in a file, of JSON lines or a table."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from classifier.bulk import files
from classifier.bulk.files import BulkError, Outcome


class Command(BaseCommand):
    help = (
        "Classify every message of a file on all cores: .jsonl with an object a line, .csv or .tsv "
        "with a column message. What was ended in any way goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="IN", type=Path)
        parser.add_argument("target", metavar="OUT", type=Path, help="of the same kind as IN")
        parser.add_argument("--restart", action="store_true", help="begin anew, do not go on")
        parser.add_argument("--overwrite", action="store_true", help="replace OUT if it is there")
        parser.add_argument("--strict", action="store_true", help="fail if a row has an error")

    def handle(self, *args: Any, source: Path, target: Path, **options: Any) -> None:
        chosen = {name: options[name] for name in ("restart", "overwrite")}
        bar = _Bar()
        try:
            found = files.classify(source, target, progress=bar, **chosen)
        except BulkError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. Give the same command again to go on.") from None
        finally:
            bar.close()
        self._tell(found, bar.seconds)
        if found.failed and options["strict"]:
            raise CommandError(f"Rows with an error: {found.failed} (--strict).")

    def _tell(self, found: Outcome, seconds: float) -> None:
        if found.remark:
            self.stderr.write(found.remark)
        rate = (found.rows - found.before) / max(seconds, 0.001)
        self.stdout.write(
            f"{found.rows - found.failed} messages classified by {found.model_version}, "
            f"{rate:.0f} a second."
        )
        if found.failed:
            self.stdout.write(f"Rows that have an error instead, which says why: {found.failed}.")


class _Bar:
    """Lines done, the rate and the time left, in a terminal alone."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def begin(self, *, lines: int, done: int) -> None:
        self._began = time.monotonic()
        self._bar = tqdm(
            total=max(lines, done), initial=done, unit="line", disable=None, smoothing=0.05
        )

    def at(self, line: int) -> None:
        self._bar.update(line - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
