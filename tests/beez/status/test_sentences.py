"""What staff are told of how Beez is doing."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from beez.status import facts, parts, sentences, words
from beez.status.heartbeat import KINDS
from beez.status.models import Heartbeat
from training.learning import changes
from training.models import TrainingRun
from training.runs import due, nights
from training.runs.due import Due

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def told(about):
    lines = [line for line in sentences.lines(facts.gather()) if line.about == about]
    assert len(lines) <= 1
    return lines[0] if lines else None


def run(state, reason=""):
    now = timezone.now()
    return TrainingRun.objects.create(
        state=state, trigger="schedule", reason=reason, worker="a:1", lease_until=now
    )


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=12), "12 s ago"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=4), "4 days ago"),
        (timedelta(seconds=-3), "0 s ago"),
    ],
)
def test_how_long_ago(passed, said):
    assert words.ago(NOW - passed, NOW) == said


@pytest.mark.parametrize(
    ("at", "now", "said"),
    [
        ("03:30", "2026-01-31T12:00", "tonight 03:30"),
        ("03:30", "2026-01-31T01:00", "tonight 03:30"),
        ("03:30", "2026-01-31T04:00", "tomorrow 03:30"),
        ("14:00", "2026-01-31T12:00", "today 14:00"),
        ("11:00", "2026-01-31T12:00", "tomorrow 11:00"),
    ],
)
def test_when_the_next_check_is(settings, at, now, said):
    settings.RETRAIN_AT = tuple(map(int, at.split(":")))
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert words.coming(nights.coming(moment), moment) == said


def test_the_next_check_is_told_in_the_time_zone(settings):
    settings.RETRAIN_AT = (3, 30)
    with timezone.override("Europe/Berlin"):
        assert nights.coming(NOW) == datetime(2026, 2, 1, 2, 30, tzinfo=UTC)
        assert words.coming(nights.coming(NOW), NOW) == "tonight 03:30"


def test_tells_how_many_reviews_are_missing_and_when_it_looks_again(keyword_model, settings):
    settings.RETRAIN_AFTER_REVIEWS = 50
    run(TrainingRun.State.SUCCEEDED)
    shape = due.shape(changes.configured())
    TrainingRun.objects.update(shape=shape, reviews_up_to=due.newest_review())
    assert "0 of 50 reviewed messages needed" in told("due").text
    assert told("next check").text.startswith("The next check is t")


def test_a_skipped_run_says_why(db):
    run(TrainingRun.State.SKIPPED, "Nothing has changed.")
    assert told("last run").text.endswith("was skipped: Nothing has changed.")
    assert told("last run").state == "good"


def test_a_failed_run_is_broken_and_only_its_first_line_is_told(db):
    run(TrainingRun.State.FAILED, "The training process was killed by signal 9.\nlong tail")
    line = told("last run")
    assert line.state == "broken"
    assert "signal 9" in line.text and "tail" not in line.text


def test_what_ails_the_assessment_is_told_and_takes_nothing_else_away(monkeypatch):
    def broken(*_):
        raise ValueError("messages.csv cannot be read")

    monkeypatch.setattr(due, "assess", broken)
    assert told("due").state == "attention"
    assert "messages.csv cannot be read" in told("due").text


def test_a_due_training_says_when_it_starts(monkeypatch):
    found = Due(is_due=True, reason="51 of 50.", reviewed=51, needed=50)
    monkeypatch.setattr(due, "assess", lambda *_: found)
    assert told("due").text.startswith("A training is due; the next check is t")
    assert told("next check") is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_process_that_is_not_seen_is_broken_with_what_to_do(kind):
    assert told(kind).state == "broken" and "make run" in told(kind).advice
    row = Heartbeat.objects.create(name=f"{kind}@here", seen_at=timezone.now())
    assert told(kind).state == "good" and "s ago" in told(kind).text
    Heartbeat.objects.filter(pk=row.pk).update(seen_at=timezone.now() - timedelta(minutes=3))
    assert told(kind).state == "broken" and "3 min ago" in told(kind).text


def test_without_a_live_model_it_says_how_to_get_one(db):
    assert told("model").state == "broken"
    assert "make train" in told("model").advice


def test_the_live_model_is_told_with_who_and_why(keyword_model):
    assert told("model").state == "good"
    assert "keywords-1" in told("model").text


def test_a_model_folder_that_is_damaged_or_gone_is_told(keyword_model, models_dir):
    model = models_dir / "keywords-1" / "model.onnx"
    model.write_bytes(b"x")
    assert told("model").state == "good"  # the cheap look does not read all of it
    assert "damaged" in parts.live(thorough=True).problem
    model.unlink()
    assert told("model").state == "broken"
    (models_dir / "keywords-1").rename(models_dir / "elsewhere")
    assert told("model").state == "broken"


def test_a_redis_that_does_not_answer_is_told(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert told("jobs").state == "broken"


def test_little_room_on_the_disk_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(parts, "disk_free", lambda: (tmp_path, 10**8))
    assert (told("disk").state, told("disk").text.split(" on ")[0]) == ("broken", "100 MB are free")
    monkeypatch.setattr(parts, "disk_free", lambda: (tmp_path, 10**9))
    assert told("disk").state == "attention"


def test_tables_that_are_behind_are_told(monkeypatch):
    monkeypatch.setattr(parts, "pending_migrations", lambda: ["beez.0009_x", "beez.0010_y"])
    assert told("database").state == "broken"
    assert "2 changes" in told("database").text
