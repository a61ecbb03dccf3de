"""Everything that is told of how Beez is doing, gathered; what cannot be found is None."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from beez.status import agreement, bounded, heartbeat, learning, parts, traffic, waiting
from beez.status.agreement import Agreement
from beez.status.heartbeat import Kind
from beez.status.learning import Learning
from beez.status.parts import Live
from beez.status.traffic import Day
from beez.status.waiting import Waiting

SECONDS = 60.0  # how old may be what takes long to find


@dataclass(frozen=True, kw_only=True)
class Facts:
    """As of `at`. With a `database_problem` nothing of what is stored is known.

    `is_live_known` tells "no version is live" from "it could not be read".
    """

    at: datetime
    database_problem: str
    pending_migrations: list[str]
    clock_ahead: float | None  # seconds before the database's
    broker_problem: str
    disk: tuple[Path, int]  # the fullest folder of Beez, and the bytes that are free there
    is_live_known: bool
    live: Live | None
    seen: dict[Kind, datetime | None]
    jobs_moved: datetime | None  # when a worker was last known to take up jobs
    waiting: Waiting | None
    agreement: Agreement | None
    days: list[Day] | None
    learning: Learning | None


def gather(*, thorough: bool = False) -> Facts:
    """`thorough` reads the whole model folder; else nothing takes long, however much is stored."""
    problem = parts.database_problem()
    if problem:
        return _without_database(problem)
    found_live = bounded.attempt(lambda: (parts.live(thorough=thorough),))
    return Facts(
        at=timezone.now(),
        database_problem="",
        pending_migrations=bounded.remembered("migrations", _pending, seconds=SECONDS),
        clock_ahead=bounded.attempt(parts.clock_ahead),
        broker_problem=parts.broker_problem(),
        disk=parts.disk_free(),
        is_live_known=found_live is not None,
        live=found_live[0] if found_live else None,
        seen=bounded.attempt(heartbeat.seen) or dict.fromkeys(heartbeat.KINDS),
        jobs_moved=bounded.attempt(heartbeat.jobs_moved),
        waiting=bounded.attempt(waiting.now),
        agreement=bounded.remembered(
            "agreement", lambda: bounded.attempt(agreement.lately), seconds=SECONDS
        ),
        days=bounded.remembered("days", lambda: bounded.attempt(traffic.days), seconds=SECONDS),
        learning=bounded.remembered(
            "learning", lambda: bounded.attempt(learning.state), seconds=SECONDS / 6
        ),
    )


def _pending() -> list[str]:
    return bounded.attempt(parts.pending_migrations) or []


def _without_database(problem: str) -> Facts:
    return Facts(
        at=timezone.now(),
        database_problem=problem,
        pending_migrations=[],
        clock_ahead=None,
        broker_problem=parts.broker_problem(),
        disk=parts.disk_free(),
        is_live_known=False,
        live=None,
        seen=dict.fromkeys(heartbeat.KINDS),
        jobs_moved=None,
        waiting=None,
        agreement=None,
        days=None,
        learning=None,
    )
