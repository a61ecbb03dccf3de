import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from classifier.models import ModelVersion
from conversations.models import Conversation
from tests.training import labelled
from training.admin import progress_text
from training.datasets.dataset import prepare
from training.datasets.options import Options
from training.models import Dataset, TrainingRun

MESSAGES = {
    "i'll take it, where do i pay": ["Hot-buyer"],
    "any voucher going?": ["Deal-seeker"],
    "never ordered from you before": ["First-time-visitor"],
    "just having a look round": ["Window-shopper"],
    "is the mug dishwasher safe": [],
}


@pytest.fixture
def dataset(settings, tmp_path, db):
    settings.DATASETS_DIR = tmp_path / "datasets"
    path = tmp_path / "<b>mine.jsonl"
    rows = [json.dumps({"message": m, "tags": tags}) for m, tags in MESSAGES.items()]
    path.write_text("\n".join([*rows, rows[0], '{"message": "<script>", "tags": ["<i>x</i>"]}']))
    return prepare([path], options=Options(max_bad_share=0.5))


@pytest.fixture
def version(db):
    return ModelVersion.objects.create(
        name="20260101-000000-abcd",
        base_model="tiny",
        tags=["Hot-buyer"],
        threshold=0.5,
        dataset_digest="d" * 64,
        manifest_sha256="e" * 64,
    )


def run(**values):
    now = timezone.now()
    defaults = {"state": "succeeded", "trigger": "task", "worker": "host:1", "lease_until": now}
    return TrainingRun.objects.create(**{**defaults, **values})


def page(client, name, *args):
    response = client.get(reverse(f"admin:training_{name}", args=args))
    assert response.status_code == 200
    return response.content.decode()


def text(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_data_sets_are_listed_with_their_sizes(admin_client, dataset):
    listed = page(admin_client, "dataset_changelist")
    assert dataset.digest[:16] in listed
    for split, size in dataset.sizes.items():
        assert f'<td class="field-{split}">{size}</td>' in listed


def test_a_data_set_shows_counts_by_tag_and_what_was_left_out(admin_client, dataset):
    shown = page(admin_client, "dataset_change", dataset.pk)
    words = text(shown)
    counts = dataset.stats["per_tag"]["Hot-buyer"]
    numbers = [counts["train"], counts["validation"], counts["test"], 0, 1]
    assert f"Hot-buyer {' '.join(map(str, numbers))}" in words
    assert "Duplicates, merged: 1" in words
    assert "unknown tag" in words
    assert "<b>mine" not in shown
    assert "<i>x" not in shown


@pytest.mark.django_db
@pytest.mark.parametrize("state", TrainingRun.State.values)
def test_a_run_shows_its_state_as_a_pill(admin_client, state):
    run(state=state)
    assert f'<span class="pill pill-{state}">' in page(admin_client, "trainingrun_changelist")


def test_runs_are_listed_with_trigger_progress_reason_version_and_duration(
    admin_client, dataset, version
):
    one = run(
        dataset=dataset,
        model_version=version,
        reason="micro-F1 fell <from> 0.9",
        progress={"step": "fine-tune", "epoch": 3, "epochs": 12, "loss": 0.25},
    )
    one.finished_at = one.started_at + timedelta(seconds=83.7)
    one.save()
    for shown in (
        page(admin_client, "trainingrun_changelist"),
        page(admin_client, "trainingrun_change", one.pk),
    ):
        assert "fine-tune, epoch 3 of 12, loss 0.250" in shown
        assert "micro-F1 fell &lt;from&gt; 0.9" in shown
        assert reverse("admin:classifier_modelversion_change", args=[version.pk]) in shown
        assert "0:01:23" in shown
    assert reverse("admin:training_dataset_change", args=[dataset.pk]) in shown


@pytest.mark.django_db
def test_a_run_names_who_asked_and_how_often_it_found_the_same(admin_client):
    run(trigger="staff", asked_by="ben")
    run(state="skipped", reason="Nothing new.", times=12, finished_at=timezone.now())
    words = text(page(admin_client, "trainingrun_changelist"))
    assert "Staff, ben" in words
    assert "Nothing new. Found 12 times in a row, last " in words


def test_reviewers_who_differ_are_named_with_links_to_the_message(
    admin_client, keyword_model, dataset, tmp_path
):
    labelled.reviewed("an owl, please", "Hot-buyer", by="anna")
    labelled.reviewed("An owl please!", by="<ben>", conversation="d")
    made = prepare([tmp_path / "<b>mine.jsonl"], options=Options(max_bad_share=0.5))
    shown = page(admin_client, "dataset_change", made.pk)
    words = text(shown)
    assert "Reviewers differ: 1" in words
    assert "anna says Hot-buyer ( c, message 1 )" in words
    assert "&lt;ben&gt; says none ( d, message 1 )" in words
    url = reverse("admin:conversations_conversation_change", args=[Conversation.objects.first().pk])
    assert f'href="{url}#message-1"' in shown


@pytest.mark.django_db
def test_runs_can_be_filtered_by_state(admin_client):
    run(state="failed", reason="out of memory")
    run(state="skipped", reason="unchanged data")
    listed = admin_client.get(
        reverse("admin:training_trainingrun_changelist"), {"state__exact": "failed"}
    ).content.decode()
    assert "out of memory" in listed
    assert "unchanged data" not in listed


def test_nothing_can_be_added_changed_or_deleted(admin_client, dataset):
    one = run()
    for name, row in (("dataset", dataset), ("trainingrun", one)):
        for verb, args in (("add", []), ("delete", [row.pk])):
            url = reverse(f"admin:training_{name}_{verb}", args=args)
            assert admin_client.get(url).status_code == 403
        change = reverse(f"admin:training_{name}_change", args=[row.pk])
        assert admin_client.post(change, {"state": "failed"}).status_code == 403
    assert Dataset.objects.count() == TrainingRun.objects.count() == 1


def test_pages_hold_nothing_that_the_content_security_policy_blocks(admin_client, dataset):
    one = run()
    for html in (
        page(admin_client, "dataset_changelist"),
        page(admin_client, "dataset_change", dataset.pk),
        page(admin_client, "trainingrun_changelist"),
        page(admin_client, "trainingrun_change", one.pk),
    ):
        assert not re.search(r"\sstyle=|<style|\son\w+=", html)
        scripts = re.findall(r"<script\b([^>]*)>", html)
        assert all("src=" in script or "application/json" in script for script in scripts)
        assert "training/admin.css" in html


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        ({}, "–"),
        ({"step": "export"}, "export"),
        ({"epoch": 2, "validation_micro_f1": 0.5}, "epoch 2, validation micro-F1 0.500"),
        ({"step": "fine-tune", "epoch": 1, "loss": None}, "fine-tune, epoch 1"),
    ],
)
def test_progress_reads_as_a_sentence_whatever_is_known(progress, shown):
    assert progress_text(progress) == shown
