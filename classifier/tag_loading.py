"""Tags from a file become rows, all of them or none: `load`, and `first` for a fresh home."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from beez.audit import trail
from beez.files.encoding import SURROGATE, UnreadableError
from beez.files.json_objects import Bad, Object
from beez.files.names import NO, YES
from classifier import tag_files, tags
from classifier.models import ModelVersion, Tag
from classifier.tag_form import TagForm

PROBLEMS_SHOWN = 20
WANTED = {
    "description": "what a message with this tag says, in a sentence or two",
    "stage": "a whole number; of a conversation's tags the one with the highest wins",
}


class TagsError(Exception):
    """Nothing was changed; the message says why, row by row."""


@dataclass(kw_only=True)
class Loaded:
    """Names of tags, by what became of them."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def news(self) -> dict[str, list[str]]:
        """What is not as before."""
        return {what: these for what, these in vars(self).items() if these and what != "unchanged"}


class _BadRowError(Exception):
    pass


def fresh() -> bool:
    """Whether no model was ever registered here, so that nothing was classified either."""
    return not ModelVersion.objects.exists()


def load(rows: Iterable[Object | Bad], *, source: str, actor: str, replace: bool = False) -> Loaded:
    """Add the tags of `rows` (`tag_files.read`), or change those that are there already.

    What a row does not say stays as it is; a tag that was retired is in use again, unless its row
    says `retired`. With `replace` the tags that no row names are retired, or removed in a fresh
    home. TagsError lists the bad rows.
    """
    rows = list(rows)
    with transaction.atomic():
        with connection.cursor() as cursor:  # one at a time; readers go on
            cursor.execute("LOCK TABLE classifier_tag IN SHARE ROW EXCLUSIVE MODE")
        loaded = Loaded()
        if replace:
            _let_go(Tag.objects.exclude(name__in=_named(rows)), loaded)
        _take(rows, source, loaded)
        if replace and not tags.in_use().exists():
            raise TagsError(f"{source}: every tag in it is retired, so none would be in use.")
        if news := loaded.news():
            trail.record("tags.loaded", subject=source, actor=actor, **news)
    return loaded


def first(path: str | None = None) -> Loaded | None:
    """Load TAGS_FILE in place of the shipped tags, in a fresh home where it is set. TagsError."""
    path = settings.TAGS_FILE if path is None else path
    if not path or not fresh():
        return None
    try:
        found = tag_files.read(Path(path))
    except UnreadableError as error:
        raise TagsError(f"TAGS_FILE={path}: {error}.") from error
    return load(found.rows, source=Path(path).name, actor="TAGS_FILE", replace=True)


def _named(rows: list[Object | Bad]) -> list[str]:
    named = [row.fields.get("name") for row in rows if isinstance(row, Object)]
    return [name.strip() for name in named if isinstance(name, str) and "\0" not in name]


def _let_go(others: Iterable[Tag], loaded: Loaded) -> None:
    may_go = fresh()
    for tag in others:
        name = tag.name
        if may_go:
            try:
                tag.delete()
            except ProtectedError:  # something names it all the same
                pass
            else:
                loaded.removed.append(name)
                continue
        if tag.retired_at is None:
            tag.retired_at = timezone.now()
            tag.save()
            loaded.retired.append(name)


def _take(rows: list[Object | Bad], source: str, loaded: Loaded) -> None:
    problems: list[str] = []
    seen: dict[str, int] = {}
    for row in rows:
        try:
            if isinstance(row, Bad):
                raise _BadRowError(row.reason)
            fields = _checked(row.fields)
            before = seen.setdefault(fields["name"], row.line)
            if before != row.line:
                raise _BadRowError(f"{fields['name']!r} stands in line {before} already")
            _save(fields, loaded)
        except _BadRowError as error:
            problems.append(f"{source}:{row.line}: {error}")
    if problems:
        raise TagsError(_listing(problems, of=len(rows)))


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that say something, as a form takes them; `name` is among them."""
    given = {name: value for name, value in fields.items() if value is not None}
    for name in ("name", "description", "label"):
        value = given.get(name, "")
        if not isinstance(value, str):
            raise _BadRowError(f"{name} is not a text")
        if SURROGATE.search(value):
            raise _BadRowError(f"{name} is not valid UTF-8; save the file as UTF-8")
    if not given.get("name", "").strip():
        raise _BadRowError("name is missing: how files of messages call the tag")
    given["name"] = given["name"].strip()
    if "retired" in given:
        mark = str(given["retired"]).strip().casefold()
        if mark not in YES | NO:
            raise _BadRowError("retired is neither yes nor no")
        given["retired"] = mark in YES
    return given


def _save(fields: dict[str, Any], loaded: Loaded) -> None:
    name = fields["name"]
    tag = None if "\0" in name else Tag.objects.filter(name=name).first()
    stored = {one: getattr(tag, one) for one in ("label", "description", "stage")} if tag else {}
    form = TagForm(stored | fields, instance=tag)
    if not form.is_valid():
        raise _BadRowError("; ".join(_sentences(form, fields)))
    if tag and not form.has_changed():
        loaded.unchanged.append(name)
        return
    form.save()
    (loaded.changed if tag else loaded.added).append(name)


def _sentences(form: TagForm, given: dict[str, Any]) -> Iterable[str]:
    for name, errors in form.errors.items():
        if str(given.get(name, "")).strip() == "":
            yield f"{name} is missing: {WANTED.get(name, 'it must be given')}"
        else:
            yield f"{name}: {' '.join(map(str, errors))}"


def _listing(problems: list[str], *, of: int) -> str:
    more = len(problems) - PROBLEMS_SHOWN
    return "\n".join(
        [
            f"{len(problems)} of {of} rows cannot be taken:",
            *(f"  {problem}" for problem in problems[:PROBLEMS_SHOWN]),
            *([f"  … and {more} more"] if more > 0 else []),
            "No tag was changed. Mend the rows and load the file again.",
        ]
    )
