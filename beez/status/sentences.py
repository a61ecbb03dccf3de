"""The facts as sentences for people, each with a mark and, where something is amiss, what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings

from beez.launch.preflight import MEGABYTES_NEEDED
from beez.staff.pages import counted
from beez.status import agreement, waiting, words
from beez.status.agreement import Share, TagAgreement
from beez.status.facts import Facts
from beez.status.heartbeat import LATE, Kind
from beez.status.learning import Learning, Run
from training.models import TrainingRun

State = Literal["good", "attention", "broken"]
Topic = Literal["parts", "live", "learning", "people"]

BYTES_NEEDED = MEGABYTES_NEEDED * 2**20
STUCK = timedelta(minutes=5)  # a job of each minute says that jobs are taken up
CLOCK_SECONDS = 10.0  # of difference that are worth a word

PLENTY = 4  # times that; with less it is time to make room

PROCESSES: dict[Kind, tuple[str, str]] = {
    "web": ("The web server", "Start it: make run, or python -m beez.launch.web."),
    "worker": (
        "The worker",
        "Without it nothing is trained. Start it: make run, or celery --app beez worker.",
    ),
    "beat": (
        "The clock of the nightly check",
        "Without it nobody asks for a training. Start it: make run, or celery --app beez beat.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A sentence about one thing, and what to do about it; `broken`: Beez does not do its work."""

    topic: Topic
    about: str
    state: State
    text: str
    advice: str = ""


def lines(facts: Facts) -> list[Line]:
    return [_database(facts), *_stored(facts), _broker(facts), _disk(facts)]


def is_well(found: list[Line]) -> bool:
    return all(line.state != "broken" for line in found)


def _database(facts: Facts) -> Line:
    state: State = "good"
    text, advice = "The database answers and its tables are up to date.", ""
    if facts.database_problem:
        state = "broken"
        text = f"The database cannot be reached: {facts.database_problem}"
        advice = "Start it, or correct DATABASE_URL."
    elif facts.pending_migrations:
        state = "broken"
        waits = counted(len(facts.pending_migrations), "change")
        first = facts.pending_migrations[0]
        text = f"The tables are not up to date: {waits} not made yet, the first is {first}."
        advice = "Make them: manage.py migrate."
    return Line(topic="parts", about="database", state=state, text=text, advice=advice)


def _stored(facts: Facts) -> Iterator[Line]:
    """What the database has to say, if it does."""
    if facts.database_problem:
        return
    yield _live(facts)
    if facts.learning is not None:
        yield from learning(facts.learning, facts)
    yield from (_process(kind, facts) for kind in PROCESSES)
    if _is_stuck(facts):
        yield _stuck(facts)
    if facts.clock_ahead is not None and abs(facts.clock_ahead) >= CLOCK_SECONDS:
        yield _clock(facts.clock_ahead)
    if facts.waiting is not None:
        yield _waiting(facts.waiting)
    if facts.agreement is not None:
        text = agreed(facts.agreement.messages)
        yield Line(topic="people", about="agreement", state="good", text=text)


def _live(facts: Facts) -> Line:
    def line(state: State, text: str, advice: str = "") -> Line:
        return Line(topic="live", about="model", state=state, text=text, advice=advice)

    if not facts.is_live_known:
        return line("broken", "Which model is live cannot be read.", "See the line above.")
    if facts.live is None:
        train = "Train one: make train, or activate one: manage.py models lists them."
        return line("broken", "No model is live, so no message is tagged.", train)
    live = facts.live
    if live.problem:
        advice = "Restore the folder from the backup, or go back: manage.py rollback."
        return line(
            "broken", f"The model {live.version} is live and damaged: {live.problem}", advice
        )
    by = f", by {live.actor}" if live.actor else ""
    why = f": {live.reason.rstrip('.')}" if live.reason else ""
    since = words.date_and_time(live.since)
    if full := live.full:
        text = f"A quick first version, {live.version}, answers since {since}. {full.sentence}"
        return line("good" if full.is_coming else "attention", text, full.advice)
    return line("good", f"The model {live.version} is live since {since}{by}{why}.")


def _process(kind: Kind, facts: Facts) -> Line:
    name, advice = PROCESSES[kind]
    seen = facts.seen[kind]
    if seen is not None and facts.at - seen <= LATE:
        text = f"{name} was last seen {words.ago(seen, facts.at)}."
        return Line(topic=_topic(kind), about=kind, state="good", text=text)
    when = "has not been seen for a day or more" if seen is None else "is not running"
    last = f", last seen {words.ago(seen, facts.at)}" if seen else ""
    return Line(
        topic=_topic(kind), about=kind, state="broken", text=f"{name} {when}{last}.", advice=advice
    )


def _is_stuck(facts: Facts) -> bool:
    """Worker and beat run, jobs can be sent, no training is busy with them, none is taken up."""
    there = all(
        (seen := facts.seen[kind]) is not None and facts.at - seen <= LATE
        for kind in ("worker", "beat")
    )
    run = facts.learning.last_run if facts.learning else None
    busy = run is not None and run.state == TrainingRun.State.RUNNING
    still = facts.jobs_moved is not None and facts.at - facts.jobs_moved > STUCK
    return there and still and not busy and not facts.broker_problem


def _stuck(facts: Facts) -> Line:
    since = words.ago(facts.jobs_moved or facts.at, facts.at)
    return Line(
        topic="learning",
        about="queue",
        state="broken",
        text=f"The worker runs, but no job has been taken up; the last one {since}.",
        advice="Start the worker again. A job older than ten minutes is thrown away: where beat "
        "and worker stand on two machines, their clocks must agree.",
    )


def _clock(ahead: float) -> Line:
    how = "ahead of" if ahead > 0 else "behind"
    seconds = f"{abs(ahead):,.0f} s"
    return Line(
        topic="parts",
        about="clock",
        state="broken" if abs(ahead) >= LATE.total_seconds() else "attention",
        text=f"The clock of this machine is {seconds} {how} the database's.",
        advice="Let both keep the time (chrony, systemd-timesyncd): who is there and which "
        "training lives is told by clocks.",
    )


def _topic(kind: Kind) -> Topic:
    return "parts" if kind == "web" else "learning"


def learning(found: Learning, facts: Facts) -> Iterator[Line]:
    """Why Beez is or is not learning."""
    coming = words.coming(found.next_check, facts.at)
    due = f"A training is due; the next check is {coming}." if found.is_due else ""
    yield Line(
        topic="learning",
        about="due",
        state="attention" if found.is_due is None else "good",
        text=f"{due} {found.reason}".strip(),
    )
    if not due:
        text = f"The next check is {coming}."
        yield Line(topic="learning", about="next check", state="good", text=text)
    if found.missed is not None:
        yield _missed(found.missed)
    if found.last_run is not None:
        yield _last_run(found.last_run, facts)


def _missed(at: datetime) -> Line:
    hours = counted(settings.RETRAIN_WITHIN_HOURS, "hour")
    return Line(
        topic="learning",
        about="missed night",
        state="attention",
        text=f"The check of {words.date_and_time(at)} did not take place, nor in the {hours} "
        "after.",
        advice="Was the machine or the worker off? Train now (manage.py train) if it matters "
        "before the next night, or set RETRAIN_AT to an hour at which it runs.",
    )


def _last_run(run: Run, facts: Facts) -> Line:
    def line(state: State, text: str, advice: str = "") -> Line:
        return Line(topic="learning", about="last run", state=state, text=text, advice=advice)

    states = TrainingRun.State
    began = words.date_and_time(run.started_at)
    if run.state == states.RUNNING:
        at = f", now at: {run.step}" if run.step else ""
        return line("good", f"A training is under way since {began}{at}.")
    if run.state == states.ASKED:
        return line("good", f"A training was asked for ({began}); the worker begins it next.")
    reason = _short(run.reason)
    if run.state == states.FAILED:
        advice = f"Its page says more: Training runs, run {run.pk}."
        return line("broken", f"The last training ({began}) failed: {reason}", advice)
    if run.state == states.SKIPPED:
        return line("good", f"The last run ({began}) was skipped: {reason}")
    ended = "ended well" if run.state == states.SUCCEEDED else f"ended ({run.state})"
    return line("good", f"The last training ({began}) {ended}: {reason}".removesuffix(": "))


def _waiting(found: waiting.Waiting) -> Line:
    def told(number: int) -> str:
        more = number >= waiting.MOST
        return f"{number:,} messages or more" if more else counted(number, "message")

    text = (
        f"{told(found.unsure)} of which the model is unsure, and {told(found.drawn)} drawn at "
        "random wait for review."
    )
    return Line(topic="people", about="waiting", state="good", text=text)


def agreed(share: Share) -> str:
    if not share.of:
        return "No message drawn at random has been reviewed in the last 90 days."
    return (
        f"Of {counted(share.of, 'message')} drawn at random, staff agreed in full with "
        f"{share.agreed:,}. Of all messages that would be {words.of_hundred(*share.interval)}."
    )


def when_given(of: TagAgreement, called: str) -> str:
    """Of the messages that the model gave the tag, which staff pages call so, how many have it."""
    share = of.given
    if not share.of:
        return f"No message that Beez called {called} has been reviewed."
    return (
        f"Of {counted(share.of, 'message')} that Beez called {called}, staff agreed with "
        f"{share.agreed:,}."
    )


def when_it_holds(of: TagAgreement, called: str) -> str:
    """Of the messages that have the tag by the word of staff, how many the model finds."""
    share = of.found
    if not share.of:
        return f"No message that staff call {called} was among them."
    return f"Of {share.of:,} that staff call {called}, Beez found {share.agreed:,}."


def which(found: agreement.Agreement) -> str:
    """What the agreement was told from."""
    whose = f"Of the model {found.version}" if found.version else "Of every model of that time"
    days = agreement.LATELY.days
    return f"{whose}, from messages drawn at random and reviewed in the last {days} days."


def _broker(facts: Facts) -> Line:
    if facts.broker_problem:
        return Line(
            topic="parts",
            about="jobs",
            state="broken",
            text=f"Jobs cannot be sent: {facts.broker_problem}",
            advice="Start Redis, or correct REDIS_URL; without Redis, the owner of BEEZ_HOME.",
        )
    return Line(topic="parts", about="jobs", state="good", text="Jobs can be sent to the worker.")


def _disk(facts: Facts) -> Line:
    folder, free = facts.disk
    text = f"{words.size(free)} are free on the disk of {folder}."
    if free >= PLENTY * BYTES_NEEDED:
        return Line(topic="parts", about="disk", state="good", text=text)
    return Line(
        topic="parts",
        about="disk",
        state="broken" if free < BYTES_NEEDED else "attention",
        text=text,
        advice="Make room; models that are not used any more can go: manage.py models.",
    )


def _short(reason: str) -> str:
    """The first line: what came out of a process that died stands on the run's page."""
    return reason.strip().partition("\n")[0]
