"""`manage.py models --prune`: room is made, and nothing goes that anybody may still need."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from classifier import live, registry
from classifier.models import Activation, ModelVersion
from classifier.registry import RegistryError
from conversations import ingest
from conversations.models import Message, ShadowTrial
from tests import keyword_model as keywords

NOW = timezone.now()


def days_ago(days):
    return NOW - timedelta(days=days)


@pytest.fixture
def make(db, models_dir):
    """Registers a version that is so many days old."""

    def make(name, days=90):
        keywords.build(models_dir, name, words={"Hot-buyer": ["buy"]})
        version = registry.register(name)
        ModelVersion.objects.filter(pk=version.pk).update(created_at=days_ago(days))
        return version

    return make


def go_live(version, days):
    activation = registry.activate(version)
    Activation.objects.filter(pk=activation.pk).update(created_at=days_ago(days))


def prune(**options):
    out = io.StringIO()
    call_command("models", prune=True, stdout=out, **options)
    return out.getvalue()


def here(models_dir):
    return sorted(path.name for path in models_dir.iterdir() if path.is_dir())


def test_what_nothing_needs_goes_and_its_row_stays(make, models_dir):
    make("a")
    make("b")
    go_live(make("c"), 80)
    said = prune()
    assert here(models_dir) == ["c"]
    assert [line.split()[0] for line in said.splitlines()[:2]] == ["a", "b"]
    assert "2 model folders removed, 0.0 MB. Their rows stay." in said
    assert ModelVersion.objects.filter(pruned_at__isnull=False).count() == 2
    assert ModelVersion.objects.count() == 3


def test_what_is_live_stays_and_what_a_rollback_would_take(make, models_dir):
    for name, days in (("a", 80), ("b", 70), ("c", 60)):
        go_live(make(name), days)
    prune(keep_days=0)
    assert here(models_dir) == ["b", "c"]
    registry.rollback()


def test_what_was_live_within_the_days_stays(make, models_dir):
    for name, days in (("a", 80), ("b", 40), ("c", 20), ("d", 10), ("e", 5)):
        go_live(make(name), days)
    prune(keep_days=30)
    assert here(models_dir) == ["b", "c", "d", "e"]  # b was live until 20 days ago


def test_what_was_registered_lately_stays_for_it_may_wait_for_somebody(make, models_dir):
    make("new", days=3)
    make("old", days=40)
    prune()
    assert here(models_dir) == ["new"]


def test_what_messages_of_the_last_days_name_stays(make, models_dir):
    for name in "abcd":
        registry.activate(make(name))
        live.refresh()
        ingest.post(conversation_id=name, text="I buy it")
    Message.objects.filter(conversation__conversation_id="a").update(created_at=days_ago(31))
    Activation.objects.update(created_at=days_ago(60))
    prune(keep_days=30)
    assert here(models_dir) == ["b", "c", "d"]


def test_a_candidate_that_runs_in_shadow_stays_however_old(make, models_dir):
    for name, ended in (("over", NOW), ("running", None)):
        ShadowTrial.objects.create(
            version=make(name), share=0.1, looked_at=0, started_by="ada", ended_at=ended
        )
    ShadowTrial.objects.update(started_at=days_ago(60))
    prune(keep_days=30)
    assert here(models_dir) == ["running"]


def test_a_dry_run_says_the_same_and_removes_nothing(make, models_dir):
    make("a")
    said = prune(dry_run=True)
    assert "  a  0.0 MB" in said
    assert "1 model folder would be removed" in said
    assert here(models_dir) == ["a"]
    assert not ModelVersion.objects.exclude(pruned_at=None).exists()


def test_a_pruned_version_is_not_made_live_and_the_sentence_says_how_it_could_be(make):
    version = make("a")
    prune()
    version.refresh_from_db()
    with pytest.raises(RegistryError, match=r"removed on .* `manage\.py register FOLDER`"):
        registry.activate(version)


def test_what_could_not_be_removed_is_removed_the_next_time(make, models_dir, monkeypatch):
    make("a")

    def refuse(name):
        raise OSError("the disk says no")

    with monkeypatch.context() as broken:
        broken.setattr("classifier.folders.remove", refuse)
        with pytest.raises(CommandError, match="1 could not be removed"):
            prune()
    assert here(models_dir) == ["a"]
    assert "1 model folder removed" in prune()
    assert here(models_dir) == []
    assert "0 model folders removed" in prune()


@pytest.mark.parametrize("options", [{"dry_run": True}, {"keep_days": 3}])
def test_options_of_pruning_alone_are_no_listing(db, options):
    with pytest.raises(CommandError, match="say how to --prune"):
        call_command("models", **options)


@pytest.mark.parametrize("days", [-1, 99_999])
def test_days_that_make_no_sense_are_refused(db, days):
    with pytest.raises(CommandError, match="from 0 to 36500"):
        call_command("models", prune=True, keep_days=days)


def test_the_list_says_what_is_wrong_with_a_folder(make, models_dir):
    damaged, missing = make("damaged"), make("missing")
    make("whole", days=1)
    make("gone")
    go_live(damaged, 50)
    registry.activate(missing)
    prune()
    (models_dir / "damaged" / "model.onnx").write_bytes(b"rubbish")
    (models_dir / "missing").rename(models_dir / "elsewhere")
    out = io.StringIO()
    call_command("models", stdout=out)
    lines = [line.strip() for line in out.getvalue().splitlines()]
    assert [line.split()[0] for line in lines] == ["gone", "✗", "whole", "*", "✗", "damaged", "✗"]
    assert "removed on" in lines[1]
    assert "is missing" in lines[4]
    assert "model.onnx is damaged" in lines[6]
