"""One check a night: after outages, on the days on which clocks change, never in the day."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from beez import clock
from training import tasks
from training.models import TrainingRun
from training.runs import child, nights, taking_up

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def half_past_three(settings):
    settings.RETRAIN_AT, settings.RETRAIN_WITHIN_HOURS = (3, 30), 3


@pytest.fixture
def nightly(monkeypatch):
    """Trainings that the schedule began, which end at once; a row each, as the child makes it."""
    begun = []

    def train(*_, trigger, asked=None):
        begun.append(trigger)
        row("skipped", at=train.now)
        return 0

    monkeypatch.setattr(child, "train", train)
    return begun, train


def row(state, *, at, trigger="schedule", **values):
    made = TrainingRun.objects.create(
        state=state, trigger=trigger, lease_until=at, finished_at=at, **values
    )
    TrainingRun.objects.filter(pk=made.pk).update(started_at=at)
    return made


def at(text, zone=UTC):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def minutes(nightly, start, hours):
    """What beat and a worker do in so many hours: `take_up` each minute."""
    begun, train = nightly
    moments = []
    for minute in range(60 * hours):
        train.now = start + timedelta(minutes=minute)
        before = len(begun)
        taking_up.take_up(train.now)
        moments += [train.now] * (len(begun) - before)
    return moments


def test_a_night_has_one_check(nightly):
    row("succeeded", at=at("2026-01-30T12:00"), trigger="command")
    assert minutes(nightly, at("2026-01-31T02:30"), 3) == [at("2026-01-31T03:30")]


@pytest.mark.parametrize(
    ("day", "clock_time", "found"),
    [
        ("2026-03-29", (2, 30), "2026-03-29T01:30"),  # an hour that is left out: 03:30 summer time
        ("2026-10-25", (2, 30), "2026-10-25T00:30"),  # one that comes twice: the first
        ("2026-03-29", (3, 30), "2026-03-29T01:30"),
        ("2026-10-25", (3, 30), "2026-10-25T02:30"),
    ],
)
def test_on_the_days_on_which_clocks_change_there_is_one_check(
    nightly, settings, day, clock_time, found
):
    settings.RETRAIN_AT = clock_time
    row("succeeded", at=at(f"{day}T00:00") - timedelta(days=1), trigger="command")
    with timezone.override("Europe/Berlin"):
        row("skipped", at=at(f"{day}T00:00") - timedelta(hours=20))  # the night before
        begun = minutes(nightly, at(f"{day}T00:00"), 6)
    assert begun == [at(found)]


def test_a_machine_that_was_off_makes_up_for_it_within_the_hours_allowed(nightly):
    row("succeeded", at=at("2026-01-30T12:00"), trigger="command")
    assert minutes(nightly, at("2026-01-31T06:00"), 3) == [at("2026-01-31T06:00")]


def test_in_the_morning_nothing_is_trained_and_a_row_says_what_was_missed(nightly):
    row("succeeded", at=at("2026-01-30T12:00"), trigger="command")
    assert minutes(nightly, at("2026-01-31T08:00"), 2) == []
    missed = TrainingRun.objects.get(trigger="schedule")
    assert missed.state == "skipped"
    assert missed.reason.startswith("The check of 2026-01-31 03:30 did not take place")
    assert nights.last(at("2026-01-31T10:00")).state == "missed"
    assert minutes(nightly, at("2026-02-01T03:00"), 1) == [at("2026-02-01T03:30")]
    assert nights.last(at("2026-02-01T10:00")).state == "checked"


def test_a_beez_that_was_set_up_today_has_missed_nothing(nightly):
    row("succeeded", at=at("2026-01-31T09:00"), trigger="command")
    assert nights.last(at("2026-01-31T10:00")).state == "checked"


def test_a_training_that_somebody_asked_for_in_the_night_does_for_the_check():
    row("succeeded", at=at("2026-01-30T12:00"), trigger="command")
    row("succeeded", at=at("2026-01-31T04:00"), trigger="staff")
    assert nights.last(at("2026-01-31T05:00")).state == "checked"


def test_rows_of_a_clock_that_was_a_year_ahead_hide_no_night():
    row("succeeded", at=at("2026-01-30T12:00"), trigger="command")
    row("skipped", at=at("2027-01-30T03:30"))
    assert nights.last(at("2026-01-31T04:00")).state == "due"


def test_a_night_that_a_quiet_month_counts_on_one_row_is_checked(nightly):
    row("succeeded", at=at("2026-01-01T12:00"), trigger="command")
    quiet = row("skipped", at=at("2026-01-02T03:30"), times=30)
    TrainingRun.objects.filter(pk=quiet.pk).update(finished_at=at("2026-01-31T03:30:05"))
    assert nights.last(at("2026-01-31T05:00")).state == "checked"


def test_beat_counts_time_evenly_whatever_is_done_to_the_clock(monkeypatch):
    entry = clock.every(60.0)
    began = clock.steady()
    monkeypatch.setattr(clock, "_BEGAN", (began, clock.time.monotonic() - 61))  # 61 s have passed
    assert entry.is_due(began).is_due
    assert not entry.is_due(clock.steady()).is_due


def test_beat_keeps_no_file_that_could_break(settings):
    from celery.beat import PersistentScheduler
    from celery.utils.imports import symbol_by_name

    assert not issubclass(symbol_by_name(settings.CELERY_BEAT_SCHEDULER), PersistentScheduler)


def test_every_job_of_beat_exists():
    from beez.celery import app

    app.loader.import_default_modules()
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert names <= set(app.tasks) and tasks.take_up.name in names
