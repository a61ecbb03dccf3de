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
from training.runs import child

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
    monkeypatch.setattr(
        tasks.train_for_staff, "apply_async", lambda args, **_: seen.append(args[0])
    )
    return seen


@pytest.fixture
def children(monkeypatch):
    seen = []
    monkeypatch.setattr(child, "train", lambda *args, **named: seen.append((args, named)) or 0)
    return seen


def ask(client):
    response = client.post(reverse("admin:training_trainingrun_ask"), follow=True)
    return response.content.decode()


def running(**values):
    return TrainingRun.objects.create(trigger="schedule", lease_until=timezone.now(), **values)


def test_whoever_may_ask_has_a_button_and_is_told_what_comes(signed_in, handed_over):
    client = signed_in("view_trainingrun", "add_trainingrun")
    assert "Train now" in client.get(reverse(LIST)).content.decode()
    assert "A training was asked for." in ask(client)
    assert handed_over == ["anna"]


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


@pytest.mark.parametrize("error", [OperationalError("refused"), PermissionError("read-only")])
def test_when_no_job_can_be_handed_over_a_sentence_says_so(signed_in, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(tasks.train_for_staff, "apply_async", fail)
    shown = ask(signed_in("view_trainingrun", "add_trainingrun"))
    assert "No training was started" in shown


def test_a_redis_that_is_away_is_a_sentence_within_seconds(signed_in, monkeypatch):
    from beez.celery import app

    def unreachable(args, **options):
        with app.connection_for_write("redis://127.0.0.1:1/0") as connection:
            app.send_task("x", args=args, connection=connection, **options)

    monkeypatch.setattr(tasks.train_for_staff, "apply_async", unreachable)
    assert "No training was started" in ask(signed_in("view_trainingrun", "add_trainingrun"))


def test_the_worker_trains_in_a_child_whether_due_or_not(children, db):
    tasks.train_for_staff("anna", timezone.now().isoformat())
    ((arguments, named),) = children
    assert arguments == ("--if-not-worse", "--asked-by=anna")
    assert named == {"trigger": "staff"}


def test_asked_twice_it_is_done_once(children, db):
    asked = timezone.now() - timedelta(seconds=5)
    run = running(state="succeeded")
    tasks.train_for_staff("anna", asked.isoformat())
    assert children == []
    skipped = TrainingRun.objects.get(state="skipped")
    assert (skipped.trigger, skipped.asked_by) == ("staff", "anna")
    assert skipped.reason.startswith(f"Run {run.pk}, which began after anna had asked")


def test_the_run_names_who_asked(home, db, monkeypatch):
    seen = {}

    def train(**arguments):
        seen.update(arguments)
        return running(state="skipped", reason="enough")

    monkeypatch.setattr(pipeline, "train", train)
    monkeypatch.setattr("os.nice", lambda _: None)
    call_command("train", "--trigger", "staff", "--asked-by", "anna", "--if-not-worse")
    assert (seen["trigger"], seen["asked_by"], seen["skip_unchanged"]) == ("staff", "anna", False)
