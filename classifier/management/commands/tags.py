"""`manage.py tags load|save|list|retire`: the tags that may be given, from a file and to one."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from beez.files.encoding import UnreadableError
from classifier import tag_files, tag_loading, tags
from classifier.models import Tag
from classifier.tag_loading import TagsError
from classifier.terminal import printable, user

SAID = {
    "added": "added",
    "changed": "changed",
    "unchanged": "as before",
    "retired": "retired",
    "removed": "removed",
}


class Command(BaseCommand):
    help = "List the tags, take them from a file, save them to one, retire one."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        load = verbs.add_parser("load", help="add or change the tags of a file, all or none")
        load.add_argument("file", type=Path, help="CSV or JSON: name, description, stage, label")
        load.add_argument(
            "--replace", action="store_true",
            help="retire the tags that are not in it (removed, where no model was trained yet)",
        )  # fmt: skip
        save = verbs.add_parser("save", help="write a file that `load` reads back")
        save.add_argument("file", type=Path, nargs="?", help="none: CSV on standard output")
        verbs.add_parser("list", help="every tag by stage")
        retire = verbs.add_parser("retire", help="nobody gives the tag any more")
        retire.add_argument("name")
        retire.add_argument("--undo", action="store_true", help="it is given again")

    def handle(self, *, verb: str, **options: Any) -> None:
        getattr(self, f"_{verb}")(**options)

    def _load(self, *, file: Path, replace: bool, **_: Any) -> None:
        try:
            found = tag_files.read(file)
            loaded = tag_loading.load(found.rows, source=file.name, actor=user(), replace=replace)
        except UnreadableError as error:
            raise CommandError(f"{file}: {error}.") from None
        except TagsError as error:
            raise CommandError(str(error)) from None
        if found.remark:
            self.stderr.write(f"{file.name}: {found.remark}")
        if found.unread:
            unread = ", ".join(f"{printable(name)[:60]!r}" for name in found.unread)
            self.stderr.write(f"{file.name}: not read, for it is none of ours: {unread}")
        for what, names in vars(loaded).items():
            if names:
                self.stdout.write(f"{SAID[what] + ':':<11}{', '.join(map(printable, names))}")
        if not loaded.news():
            self.stdout.write("Nothing has changed.")
        if not tag_loading.fresh():
            self.stdout.write("The next training learns them: manage.py train, or tonight's.")
        elif tags.own() and not settings.TRAINING_FILES:
            self.stdout.write("Set TRAINING_FILES to messages that are labelled with them.")

    def _save(self, *, file: Path | None, **_: Any) -> None:
        every = Tag.objects.all()
        if file is None:
            self.stdout.write(tag_files.written(every, ".csv"), ending="")
            return
        try:
            text = tag_files.written(every, file.suffix.lower())
            with file.open("x", encoding="utf-8", newline="") as output:
                output.write(text)
        except FileExistsError:
            raise CommandError(f"{file} is there already. Name a new file.") from None
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from None
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{file} holds {len(every)} tags.")

    def _list(self, **_: Any) -> None:
        for tag in Tag.objects.all():
            called = f" ({tag.label})" if tag.label else ""
            gone = f", retired {tag.retired_at:%Y-%m-%d}" if tag.retired_at else ""
            self.stdout.write(f"{tag.stage:>5}  {printable(tag.name + called)}{gone}")
            self.stdout.write(f"       {printable(tag.description)}")

    def _retire(self, *, name: str, undo: bool, **_: Any) -> None:
        if not Tag.objects.filter(name=name).exists():
            raise CommandError(f"There is no tag {name!r}. `tags list` shows them all.")
        changed = tags.retire(name, undo=undo)
        now = "in use" if undo else "retired"
        self.stdout.write(f"{printable(name)} is {now}{'' if changed else ', as before'}.")
