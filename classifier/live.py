"""The model that this process serves: loaded once, exchanged while requests go on.

A watcher thread reads the ledgers twice a second, loads and warms a newly activated version
beside the old one and then exchanges one reference, so no request waits for it or fails by it.
Thresholds that people have set come the same way: with the reference.
Without a watcher (commands, jobs) `current` looks into the ledger itself, at most as often.
"""

import atexit
import ctypes
import logging
import math
import os
import threading
import time
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connections
from django.db.models import Subquery

from beez.api.errors import Unavailable
from beez.metrics import instruments
from classifier import registry, thresholds
from classifier.artefact import ArtefactError
from classifier.decision import InForce, Overrides, in_force
from classifier.engine import Classification, Engine
from classifier.folders import StorageError
from classifier.models import ModelVersion, ThresholdChange
from classifier.registry import RegistryError

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
RETRY_SECONDS = 30.0  # for a version that could not be loaded


class NoModel(Unavailable):
    """503: nothing has been activated yet, or what is live cannot be loaded, and why.

    `reason` is for whoever runs Beez; callers of the API are told what is wrong with which file
    of the model, and nothing of the machine.
    """

    default_code = "no_model"
    default_detail = "No model is active yet. Train one, or activate one that is registered."

    def __init__(self, failure: "Failure | None" = None) -> None:
        name = failure and failure.version_name
        detail = f"The model {name} is live and cannot be loaded: {failure and failure.told}"
        super().__init__(detail if failure else None)
        self.reason = (
            f"The model {name} is live and cannot be loaded: {failure.reason}"
            if failure
            else self.default_detail
        )


@dataclass(frozen=True)
class Failure:
    """A version that could not be loaded, why, and when (monotonic) it may be tried again."""

    version_id: int
    version_name: str
    reason: str
    told: str  # the same for callers of the API
    retry_at: float


@dataclass(frozen=True)
class LiveModel:
    """A loaded version and the thresholds in force.

    Who takes it from `current` once answers with one version and one set of thresholds throughout.
    """

    engine: Engine
    version_id: int
    version_name: str
    in_force: InForce

    def classify(self, text: str) -> Classification:
        """The engine's probabilities, decided by the thresholds in force; counted."""
        began = time.perf_counter()
        found = self.engine.classify(text).decided_by(self.in_force)
        instruments.classified(
            seconds=time.perf_counter() - began,
            tags=found.tags,
            review=found.review,
            unfamiliar=found.strange,
        )
        return found


@dataclass(eq=False)
class _Process:
    """What stands in this process; a forked child begins with a new one."""

    lock: threading.RLock = field(default_factory=threading.RLock)  # one thread loads
    live: LiveModel | None = None
    overrides: Overrides = field(default_factory=Overrides)
    checked_at: float = -math.inf
    failure: Failure | None = None  # of the version that is live by the ledger
    watched: bool = False
    watcher: threading.Thread | None = None
    stop: threading.Event = field(default_factory=threading.Event)


_process = _Process()


def current() -> LiveModel:
    """The model to answer with; NoModel (503) when there is none.

    The first call loads it; other threads wait for that. Later calls cost nothing.
    """
    process = _process
    if process.watched:
        start_watcher()
    if process.live is None or not process.watched:
        _refresh_if_due(process)
    if process.live is None:
        raise NoModel(process.failure)
    return process.live


def is_loaded() -> bool:
    return _process.live is not None


def tags() -> tuple[str, ...]:
    """Those that the loaded model gives; none where none is loaded."""
    return _process.live.engine.manifest.tags if _process.live else ()


def warm() -> None:
    """Called where a serving process starts: load the live model and watch for the next one.

    Without a database the process starts all the same, and loads when there is one. The
    connection is closed again: a server may fork its workers after this.
    """
    start_watcher()
    try:
        refresh()
    except (DatabaseError, InterfaceError) as error:
        logger.warning("No model loaded yet, the ledger cannot be read: %s", error)
    finally:
        connections.close_all()


def refresh() -> None:
    """Serve what the ledger says is live. A version that cannot be loaded is logged and left
    for half a minute, and the old one goes on. Raises Django's database errors."""
    _refresh(_process)


def start_watcher() -> None:
    """Start this process's watcher unless it runs."""
    process = _process
    if process.watcher is not None and process.watcher.is_alive():
        return
    with process.lock:
        process.watched = True
        if process.watcher is None or not process.watcher.is_alive():
            process.watcher = threading.Thread(
                target=_watch, args=(process,), name="live-model", daemon=True
            )
            process.watcher.start()


def reset() -> None:
    """Stop the watcher and forget the model, as if the process had just begun."""
    global _process
    _stop_watcher()
    _process = _Process()


def _refresh_if_due(process: _Process) -> None:
    with process.lock:
        if time.monotonic() - process.checked_at < POLL_SECONDS:
            return
        try:
            _refresh(process)
        except (DatabaseError, InterfaceError) as error:
            if process.live is None:
                raise
            logger.warning("The ledger cannot be read: %s", error)


def _refresh(process: _Process) -> None:
    with process.lock:
        process.checked_at = time.monotonic()
        version, newest_change = _ledgers()
        if newest_change != process.overrides.newest:
            _follow_thresholds(process)
        if version is None or (process.live and process.live.version_id == version.pk):
            process.failure = None
            return
        failed = process.failure
        if failed and version.pk == failed.version_id and time.monotonic() < failed.retry_at:
            return
        try:
            process.live = _load(version, process.overrides)
            process.failure = None
            _tell(process, f"Serving the model {version.name}")
        except Exception as error:  # whatever ails the new model must not take the old one away
            _failed(process, version, error)


def _failed(process: _Process, version: ModelVersion, error: Exception) -> None:
    retry_at = time.monotonic() + RETRY_SECONDS
    foreseen = isinstance(error, RegistryError | ArtefactError)  # a sentence that says it all
    outside = isinstance(error.__cause__ or error, StorageError)
    told = str(error) if foreseen and not outside else "the log says why."
    process.failure = Failure(version.pk, version.name, str(error), told, retry_at)
    kept = process.live.version_name if process.live else "nothing"
    text = f"Cannot serve the model {version.name}; {kept} stays: {error}"
    level = logging.ERROR if process.watched or process.live else logging.DEBUG  # `current` raises
    logger.log(level, text, exc_info=None if foreseen else error)


def _ledgers() -> tuple[ModelVersion | None, int | None]:
    """The version that is live, and the id of the newest change of a threshold, in one query."""
    change = Subquery(ThresholdChange.objects.order_by("-id").values("id")[:1])
    newest = registry.activations().annotate(newest_change=change).first()
    return (newest.version, newest.newest_change) if newest else (None, None)


def _follow_thresholds(process: _Process) -> None:
    process.overrides = thresholds.overrides()
    if process.live is not None:
        manifest = process.live.engine.manifest
        process.live = replace(process.live, in_force=in_force(manifest, process.overrides))
    _tell(process, f"Deciding by the thresholds of change {process.overrides.newest}")


def _load(version: ModelVersion, overrides: Overrides) -> LiveModel:
    engine = Engine.load(registry.sealed_folder(version), threads=settings.ENGINE_THREADS)
    return LiveModel(
        engine=engine,
        version_id=version.pk,
        version_name=version.name,
        in_force=in_force(engine.manifest, overrides),
    )


def _tell(process: _Process, text: str) -> None:
    logger.log(logging.INFO if process.watched else logging.DEBUG, text)  # quiet in commands


def _watch(process: _Process) -> None:
    """Body of the watcher thread, with a database connection of its own."""
    reachable = True
    try:
        while not process.stop.wait(POLL_SECONDS):
            try:
                close_old_connections()
                _refresh(process)
                reachable = True
            except Exception as error:  # an outage must not end the watch
                if reachable:
                    logger.warning("The ledger cannot be read, the model stays: %s", error)
                reachable = False
    finally:
        connections.close_all()


def _stop_watcher() -> None:
    process = _process
    process.watched = False
    process.stop.set()
    if process.watcher is not None:
        process.watcher.join(timeout=10)


def _after_fork() -> None:
    """A child has neither its parent's threads nor the engine's: it loads and watches anew.

    The parent's engine gets a reference that nobody gives back, for freeing it, at the latest
    when the interpreter ends, would wait for the engine's threads for ever.
    """
    global _process
    if _process.live is not None:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(_process.live.engine))
    _process = _Process(watched=_process.watched)


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_stop_watcher)
