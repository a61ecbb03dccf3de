import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from training.models import TrainingRun
from training.runs import page
from training.runs.heartbeat import LEASE

State = TrainingRun.State
FACTS = {
    "step": "fine-tune <b>",
    "epoch": 2,
    "epochs": 5,
    "batch": 30,
    "batches": 100,
    "share": 0.25,
    "steps": [{"step": "prepare the data set", "seconds": 12.4}, {"step": "fine-tune <b>"}],
    "curves": [[{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0}]],
}


def running(**values):
    now = timezone.now()
    defaults = {"trigger": "task", "worker": "host:1", "lease_until": now + LEASE}
    run = TrainingRun.objects.create(**{**defaults, "progress": FACTS, **values})
    TrainingRun.objects.filter(pk=run.pk).update(started_at=now - timedelta(seconds=100))
    run.refresh_from_db()
    return run


def url(name, run):
    return reverse(f"admin:training_trainingrun_{name}", args=[run.pk])


@pytest.fixture
def staff(client, db):
    """Signs a member of staff in who has these permissions of trainings."""

    def sign_in(*names):
        user = get_user_model().objects.create_user("anna", password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        client.force_login(user)
        return client

    return sign_in


@pytest.mark.django_db
def test_the_page_shows_how_far_a_training_is_and_how_much_longer(admin_client):
    shown = admin_client.get(url("change", running())).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert re.search(r"about 25 % Time gone 1 min 4\d s Time left, about 5 min \d+ s", words)
    assert "pass 2 of 5 over the messages, batch 30 of 100" in words
    assert "prepare the data set 12 s" in words
    assert '<progress max="100" value="25"' in shown
    assert "<polyline points=" in shown
    assert "fine-tune &lt;b&gt;" in shown and "fine-tune <b>" not in shown
    assert "training/progress.js" in shown and "data-running" in shown


@pytest.mark.django_db
def test_the_part_that_is_renewed_says_when_the_training_is_over(admin_client):
    run = running()
    part = admin_client.get(url("progress", run))
    assert part["X-Run-State"] == "running"
    assert "<html" not in part.content.decode()
    TrainingRun.objects.update(
        state=State.SUCCEEDED, finished_at=timezone.now(), reason="Activated."
    )
    part = admin_client.get(url("progress", run))
    assert part["X-Run-State"] == "succeeded"
    assert "Activated." in part.content.decode()
    assert "Cancel" not in part.content.decode()
    assert 'value="100"' in part.content.decode()


@pytest.mark.django_db
def test_cancelling_asks_first(admin_client, admin_user):
    run = running()
    assert url("cancel", run) in admin_client.get(url("change", run)).content.decode()
    asked = admin_client.get(url("cancel", run))
    assert 'method="post"' in asked.content.decode()
    run.refresh_from_db()
    assert run.cancel_requested_at is None
    answer = admin_client.post(url("cancel", run), follow=True)
    run.refresh_from_db()
    assert run.cancel_requested_by == admin_user.username
    assert "It stops at the end of what it is doing" in answer.content.decode()


@pytest.mark.django_db
def test_a_training_that_is_over_cannot_be_cancelled(admin_client):
    run = running(state=State.SUCCEEDED)
    assert admin_client.get(url("cancel", run)).status_code == 302
    answer = admin_client.post(url("cancel", run), follow=True)
    assert "was over already" in answer.content.decode()
    run.refresh_from_db()
    assert run.cancel_requested_at is None


def test_who_may_only_look_sees_no_button_and_cannot_cancel(staff):
    client, run = staff("view_trainingrun"), running()
    assert url("cancel", run) not in client.get(url("change", run)).content.decode()
    assert client.get(url("progress", run)).status_code == 200
    assert client.get(url("cancel", run)).status_code == 403
    assert client.post(url("cancel", run)).status_code == 403
    run.refresh_from_db()
    assert run.cancel_requested_at is None


def test_who_may_change_trainings_can_cancel(staff):
    client, run = staff("view_trainingrun", "change_trainingrun"), running()
    assert url("cancel", run) in client.get(url("change", run)).content.decode()
    client.post(url("cancel", run))
    run.refresh_from_db()
    assert run.cancel_requested_by == "anna"


def test_who_may_not_look_sees_nothing(staff):
    client, run = staff(), running()
    assert client.get(url("progress", run)).status_code == 403


@pytest.mark.django_db
def test_a_training_of_which_nothing_is_heard_says_so(admin_client):
    run = running(lease_until=timezone.now() + LEASE - timedelta(seconds=90))
    shown = admin_client.get(url("change", run)).content.decode()
    assert "Nothing was heard of this training for 1 min 30 s" in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    "progress", [{}, {"step": "x"}, {"step": "x", "share": 0.0, "curves": [[]]}]
)
def test_a_run_that_has_said_little_or_was_made_by_an_older_version_has_a_page(
    admin_client, progress
):
    assert admin_client.get(url("change", running(progress=progress))).status_code == 200


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "0 s"), (59, "59 s"), (200, "3 min 20 s"), (3900, "1 h 5 min"), (-1, "0 s")],
)
def test_times_are_told_in_words(seconds, told):
    assert page.duration(timedelta(seconds=seconds)) == told
