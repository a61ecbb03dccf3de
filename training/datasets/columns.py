"""Which column of a table is what, and how the cells of a row become the fields of a record."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from beez.files import names
from beez.files.encoding import UnreadableError
from beez.files.json_objects import Bad, Object
from beez.files.names import NO, YES
from beez.files.tables import Cells
from training.datasets.notes import Notes, quoted


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where in a row things stand, from 0; `flags` are columns of 0 and 1 named by a tag."""

    width: int
    message: int
    tags: tuple[int, ...]
    flags: dict[int, str]
    group: int | None
    labelled_for: int | None
    unread: tuple[int, ...]
    nameless: frozenset[int]


def recognise(header: Cells, known_tags: Set[str]) -> Columns | None:
    """What the columns under these names are; None where no message or no tags are among them."""
    message = _find(header, "message")
    single = _find(header, "tags")
    numbered = [at for at, name in enumerate(header) if names.is_numbered_tag(name)]
    tags = (*([] if single is None else [single]), *numbered)
    flags = {} if tags else _flags(header, known_tags)
    if message is None or not (tags or flags):
        return None
    group, labelled_for = _find(header, "group"), _find(header, "labelled_for")
    taken = {message, *tags, *flags, group, labelled_for}
    unread = tuple(at for at in range(len(header)) if at not in taken)
    return Columns(
        width=len(header),
        message=message,
        tags=tags,
        flags=flags,
        group=group,
        labelled_for=labelled_for,
        unread=unread,
        nameless=frozenset(at for at in unread if not header[at].strip()),
    )


def objects(
    rows: Iterable[tuple[int, Cells] | Bad], *, known_tags: Set[str], notes: Notes
) -> Iterator[Object | Bad]:
    """The fields of each row of a table whose first row that is not blank names the columns.

    Blank rows are no records. `tags` is an empty text where nothing stands in their cells.
    UnreadableError for a table without a message or tags.
    """
    columns: Columns | None = None
    for row in rows:
        if isinstance(row, Bad):
            yield row
            continue
        line, cells = row
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = _header(cells, known_tags, notes)
        else:
            yield _object(line, cells, columns, notes)
    if columns is None:
        raise UnreadableError(NO_HEADER)


NO_HEADER = (
    "the first line must name the columns message and tags, separated by a comma, semicolon, tab "
    "or | (tag_1, tag_2 …, or a column of 0 and 1 for each tag, may take the place of tags)"
)


def _header(cells: Cells, known_tags: Set[str], notes: Notes) -> Columns:
    columns = recognise(cells, known_tags)
    if columns is None:
        raise UnreadableError(NO_HEADER)
    ours = [names.folded(cell) for cell in cells if names.field(cell)]
    if len(set(ours)) < len(ours):
        raise UnreadableError("a column is named twice")
    for of, at in (("message", columns.message), *(("tags", one) for one in columns.tags)):
        if names.folded(cells[at]) != of:
            notes.say(f"the column {quoted(cells[at].strip())} is read as {of}")
    for tag in columns.flags.values():
        notes.say(f"the column {quoted(tag)} is read as 0 and 1 for this tag")
    for at in columns.unread:
        if (name := cells[at].strip()) and not names.is_remark(name):
            notes.unread(name)
    return columns


def _find(header: Cells, of: str) -> int | None:
    name = names.best(header, of)
    return None if name is None else header.index(name)


def _flags(header: Cells, known_tags: Set[str]) -> dict[int, str]:
    tags = {names.folded(tag): tag for tag in known_tags}
    named = {at: tags.get(names.folded(name)) for at, name in enumerate(header)}
    return {at: tag for at, tag in named.items() if tag}


def _object(line: int, cells: Cells, columns: Columns, notes: Notes) -> Object | Bad:
    if len(cells) < columns.width or any(cell.strip() for cell in cells[columns.width :]):
        return Bad(
            line,
            f"{len(cells)} cells where the header has {columns.width} (a cell that holds a "
            "separator must stand in quotes)",
        )
    for at in columns.nameless:  # somebody's text stands there: only the number is told
        if cells[at].strip():
            notes.say(f"column {at + 1} has no name and is not read ({{n}} cells with text)")
    fields: dict[str, object] = {
        "message": cells[columns.message],
        "tags": ";".join(cell for at in columns.tags if (cell := cells[at].strip())),
        "group": _optional(cells, columns.group),
        "labelled_for": _optional(cells, columns.labelled_for),
    }
    return _flagged(line, fields, cells, columns) if columns.flags else Object(line, fields)


def _flagged(line: int, fields: dict[str, object], cells: Cells, columns: Columns) -> Object | Bad:
    marks = {tag: cells[at].strip().casefold() for at, tag in columns.flags.items()}
    if odd := [tag for tag, mark in marks.items() if mark not in YES | NO]:
        return Bad(line, f"the column {odd[0]!r} holds neither 0 nor 1 here")
    if any(marks.values()):
        chosen: list[str] = [tag for tag, mark in marks.items() if mark in YES]
        fields |= {"tags": chosen, "labelled_for": fields["labelled_for"] or list(marks)}
    return Object(line, fields)


def _optional(cells: Cells, at: int | None) -> str | None:
    return None if at is None else cells[at].strip() or None
