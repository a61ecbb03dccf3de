"""Classifies a file of any size into another one, on all cores and in constant memory.

A run that was ended in any way goes on where it was, with the version and the thresholds with which
it began, so that the output is what one unbroken run would have written.
"""

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from django.conf import settings

from beez.files import streams
from beez.files.encoding import UnreadableError
from beez.files.streams import Examined
from classifier import live, parallel, registry, thresholds
from classifier.bulk import rows
from classifier.bulk.part import HeldError, Journal, Part, path_of
from classifier.bulk.rows import Form, Row
from classifier.decision import Overrides, in_force
from classifier.engine import Engine
from classifier.live import LiveModel
from classifier.models import ModelVersion
from classifier.registry import RegistryError
from classifier.serializers import answer

# What is read, classified and put on the disk together: so much is done again after a kill.
CHUNK_ROWS, CHUNK_CHARACTERS = 500, 2_000_000
TOGETHER = 16  # of `parallel`: enough for the time that storing a chunk takes


class BulkError(Exception):
    """The file is not classified, or not to its end; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    model_version: str
    rows: int
    before: int  # how many of them an earlier run had done
    failed: int  # of the rows
    remark: str | None  # on how the file was read


class Progress(Protocol):
    def begin(self, *, lines: int, done: int) -> None: ...

    def at(self, line: int) -> None: ...


def classify(
    source: Path, target: Path, *, restart: bool, overwrite: bool, progress: Progress
) -> Outcome:
    """Raises BulkError; `restart` begins anew whatever an earlier run has left."""
    _refuse(source, target, overwrite)
    try:
        found = streams.examine(source)
        form = rows.form(found, target)
        before = source.stat()
        with Part.held(target) as part:
            _refuse(source, target, overwrite)  # another run may have ended just now
            with _told(target):
                began, journal = _run(part, found, form, restart, progress)
            after = source.stat()
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise BulkError(f"{source} was changed while it was read. Begin anew: --restart.")
            part.finish()
    except UnreadableError as error:
        raise BulkError(f"{source}: {error}") from error
    except HeldError:
        raise BulkError(f"Another run is writing {path_of(target)}.") from None
    except OSError as error:
        raise BulkError(f"{error.filename or target}: {error.strerror or error}.") from error
    return Outcome(
        model_version=journal.model_version,
        rows=journal.rows,
        before=began.rows,
        failed=journal.failed,
        remark=found.remark,
    )


def _refuse(source: Path, target: Path, overwrite: bool) -> None:
    if not source.is_file():
        raise BulkError(f"{source} is no file; `manage.py classify` reads standard input.")
    if target.exists():
        if not target.is_file() or target.samefile(source):
            raise BulkError(f"{target} is what is read, or no file. Name another one to write to.")
        if not overwrite:
            raise BulkError(f"{target} is there already. Replace it: --overwrite.")


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """What ends a run in the middle, such as a full disk, in a sentence."""
    try:
        yield
    except OSError as error:
        raise BulkError(
            f"{path_of(target)}: {error.strerror or error}. What is done is kept; give the same "
            "command again to go on."
        ) from error


def _run(
    part: Part, found: Examined, form: Form, restart: bool, progress: Progress
) -> tuple[Journal, Journal]:
    """How far it was at first, and at last."""
    kept = None if restart else part.journal()
    began = journal = kept or _new(found)
    if kept:
        _refuse_another(kept, found)
    model = _pinned(journal)
    beginning = form.beginning(model.engine.manifest.tags).encode(errors="surrogateescape")
    part.cut(journal.size)
    if not kept:
        journal = replace(journal, size=len(beginning))
        part.append(beginning, journal)
    progress.begin(lines=found.lines, done=journal.line)
    for chunk in _chunks(_written(form, model, itertools.islice(form.rows(), journal.rows, None))):
        content = "".join(line for _, line in chunk).encode(errors="surrogateescape")
        journal = replace(
            journal,
            rows=journal.rows + len(chunk),
            line=chunk[-1][0].line,
            failed=journal.failed + sum(row.text is None for row, _ in chunk),
            size=journal.size + len(content),
        )
        part.append(content, journal)
        progress.at(journal.line)
    return began, journal


def _written(form: Form, model: LiveModel, coming: Iterator[Row]) -> Iterator[tuple[Row, str]]:
    """Each row and what goes out for it. The cores go on with the next while a chunk is stored."""

    def written(row: Row) -> tuple[Row, str]:
        return row, form.written(row, None if row.text is None else answer(model, row.text))

    with closing(
        parallel.each(coming, written, size=lambda row: len(row.text or ""), together=TOGETHER)
    ) as done:
        yield from done


def _chunks(done: Iterator[tuple[Row, str]]) -> Iterator[list[tuple[Row, str]]]:
    chunk: list[tuple[Row, str]] = []
    characters = 0
    for row, line in done:
        chunk.append((row, line))
        characters += len(line)
        if len(chunk) >= CHUNK_ROWS or characters >= CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _new(found: Examined) -> Journal:
    """For a run with the live model, and the thresholds that people have set now."""
    try:
        name = live.current().version_name
    except live.NoModel as error:
        raise BulkError(f"{error.reason} `manage.py models` lists every version.") from error
    overrides = thresholds.overrides()
    return Journal(
        source=found.digest,
        settings=_settings(),
        model_version=name,
        threshold=overrides.threshold,
        thresholds=dict(overrides.tags),
    )


def _settings() -> dict[str, object]:
    return {"REDACT": sorted(settings.REDACT), "MAX_MESSAGE_LENGTH": settings.MAX_MESSAGE_LENGTH}


def _refuse_another(kept: Journal, found: Examined) -> None:
    if kept.source != found.digest:
        raise BulkError(
            f"{found.path} is not the file with which the run began, {kept.rows} rows ago. Put "
            "that one back, or begin anew: --restart."
        )
    if kept.settings != _settings():
        told = ", ".join(f"{name}={value}" for name, value in kept.settings.items())
        raise BulkError(f"The run began with {told}. Set them so, or begin anew: --restart.")


def _pinned(journal: Journal) -> LiveModel:
    """The version and the thresholds with which the run began, whatever is live now."""
    overrides = Overrides(threshold=journal.threshold, tags=journal.thresholds)
    version = ModelVersion.objects.filter(name=journal.model_version).first()
    if version is None:
        raise BulkError(
            f"The run began with the model {journal.model_version}, which is not registered any "
            "more. Begin anew with the live one: --restart."
        )
    engine = _engine(version)
    return LiveModel(
        engine=engine,
        version_id=version.pk,
        version_name=version.name,
        in_force=in_force(engine.manifest, overrides),
    )


def _engine(version: ModelVersion) -> Engine:
    try:
        if (current := live.current()).version_id == version.pk:
            return current.engine
    except live.NoModel:
        pass
    try:
        return registry.load(version, threads=settings.ENGINE_THREADS)
    except RegistryError as error:
        raise BulkError(
            f"The run began with the model {version}. {error} Or begin anew with the live one: "
            "--restart."
        ) from error
