"""Staff with the right ask for a training from the page of training runs."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from training import pipeline, tasks
from training.models import TrainingRun
from training.runs import child, recording
from training.runs.worker import Worker

LIST = "admin:training_trainingrun_changelist"


@pytest.fixture
def signed_in(db, client):
    def go(*permissions):
        user = User.objects.create(username="anna", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return go


@pytest.fixture
def handed_over(monkeypatch):
    """What is handed to the worker."""
    seen = []
    monkeypatch.setattr(tasks.take_up, "apply_async", lambda **_: seen.append("take up"))
    return seen


@pytest.fixture
def children(monkeypatch):
    seen = []
    monkeypatch.setattr(child, "train", lambda *args, **named: seen.append((args, named)) or 0)
    return seen


def ask(client):
    response = client.post(reverse("admin:training_trainingrun_ask"), follow=True)
    return response.content.decode()


def running(*, lease=0, **values):
    until = timezone.now() + timedelta(minutes=lease)
    return TrainingRun.objects.create(trigger="schedule", lease_until=until, **values)


def test_whoever_may_ask_has_a_button_and_is_told_what_comes(signed_in, handed_over):
    client = signed_in("view_trainingrun", "add_trainingrun")
    assert "Train now" in client.get(reverse(LIST)).content.decode()
    assert "A training was asked for." in ask(client)
    assert handed_over == ["take up"]
    row = TrainingRun.objects.get()
    assert (row.state, row.trigger, row.asked_by) == ("asked", "staff", "anna")


def test_whoever_may_only_look_has_no_button_and_is_refused(signed_in, handed_over):
    client = signed_in("view_trainingrun")
    assert "Train now" not in client.get(reverse(LIST)).content.decode()
    assert client.post(reverse("admin:training_trainingrun_ask")).status_code == 403
    assert handed_over == []


def test_asking_is_no_matter_of_a_link(signed_in, handed_over):
    client = signed_in("view_trainingrun", "add_trainingrun")
    assert client.get(reverse("admin:training_trainingrun_ask")).status_code == 405


def test_while_one_runs_another_is_not_started(signed_in, handed_over):
    run = running()
    shown = ask(signed_in("view_trainingrun", "add_trainingrun"))
    assert f"Run {run.pk} is under way." in shown
    assert handed_over == []


def test_asked_twice_before_it_begins_it_stands_once(signed_in, handed_over):
    client = signed_in("view_trainingrun", "add_trainingrun")
    ask(client)
    assert "A training is asked for already" in ask(client)
    assert TrainingRun.objects.count() == 1


@pytest.mark.parametrize("error", [OperationalError("refused"), PermissionError("read-only")])
def test_when_the_queue_is_away_the_row_waits_and_a_sentence_says_so(
    signed_in, monkeypatch, children, error
):
    def fail(**_):
        raise error

    monkeypatch.setattr(tasks.take_up, "apply_async", fail)
    shown = ask(signed_in("view_trainingrun", "add_trainingrun"))
    assert "The queue (Redis) does not answer at present" in shown
    tasks.take_up()  # as beat asks each minute
    assert [named["trigger"] for _, named in children] == ["staff"]


def test_a_redis_that_is_away_is_a_sentence_within_seconds(signed_in, monkeypatch):
    from beez.celery import app

    def unreachable(**options):
        with app.connection_for_write("redis://127.0.0.1:1/0") as connection:
            app.send_task("x", connection=connection, **options)

    monkeypatch.setattr(tasks.take_up, "apply_async", unreachable)
    shown = ask(signed_in("view_trainingrun", "add_trainingrun"))
    assert "does not answer at present" in shown


def test_the_worker_trains_in_a_child_whether_due_or_not(children, db):
    row = recording.ask(asked_by="anna")
    tasks.take_up()
    ((arguments, named),) = children
    assert arguments == ("--if-not-worse", "--asked-by=anna")
    assert named == {"trigger": "staff", "asked": row.pk}


def test_a_run_that_began_since_does_for_what_was_asked(children, db):
    row = recording.ask(asked_by="anna")
    other = running(state="succeeded")
    tasks.take_up()
    row.refresh_from_db()
    assert children == []
    assert row.state == "skipped"
    assert row.reason.startswith(f"Run {other.pk}, which began after anna had asked")


def test_while_one_runs_what_is_asked_for_waits(children, db, monkeypatch):
    row = recording.ask(asked_by="anna")
    running(lease=5)
    tasks.take_up()
    row.refresh_from_db()
    assert (children, row.state) == ([], "asked")


def test_the_row_that_asked_becomes_the_run(db):
    row = recording.ask(asked_by="anna")
    with recording.recorded("staff", {}, asked=row.pk):
        row.refresh_from_db()
        assert row.state == "running" and row.identity
        with pytest.raises(recording.AlreadyRunning), recording.recorded("staff", {}, asked=row.pk):
            pass
    assert TrainingRun.objects.get().state == "succeeded"


def test_a_child_that_cannot_begin_ends_the_row_that_asked(db):
    row = recording.ask(asked_by="anna")
    child._record_failure(Worker.of(), "It broke.", "staff", timezone.now(), row.pk)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("failed", "It broke.")
    assert TrainingRun.objects.count() == 1


def test_what_was_asked_for_can_be_cancelled_before_it_begins(signed_in, children):
    row = recording.ask(asked_by="anna")
    client = signed_in("view_trainingrun", "change_trainingrun")
    page = client.get(reverse("admin:training_trainingrun_change", args=[row.pk]))
    assert "Cancel this training" in page.content.decode()
    client.post(reverse("admin:training_trainingrun_cancel", args=[row.pk]))
    row.refresh_from_db()
    assert row.state == "cancelled"
    tasks.take_up()
    assert children == []


def test_the_run_names_who_asked(home, db, monkeypatch):
    seen = {}

    def train(**arguments):
        seen.update(arguments)
        return running(state="skipped", reason="enough")

    monkeypatch.setattr(pipeline, "train", train)
    monkeypatch.setattr("os.nice", lambda _: None)
    call_command("train", "--trigger", "staff", "--asked-by", "anna", "--if-not-worse")
    assert (seen["trigger"], seen["asked_by"], seen["skip_unchanged"]) == ("staff", "anna", False)
