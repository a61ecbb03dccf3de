"""Champion: the live version, which a scheduled training has to be compared with."""

import shutil

import pytest
from django.core.management import CommandError, call_command

from classifier import registry
from classifier.models import ModelVersion
from training import pipeline
from training.datasets import dataset as datasets
from training.models import Dataset, TrainingRun
from training.runs import champion


def remove(folder):
    shutil.rmtree(folder)


def lose_a_file(folder):
    (folder / "tokenizer.json").unlink()


def damage(folder):
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")


def exchange(folder):
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"keywords"', '"other"'))


@pytest.fixture
def nothing_prepared(monkeypatch):
    def fail(*_, **__):
        pytest.fail("a data set was prepared")

    monkeypatch.setattr(datasets, "prepare", fail)


@pytest.mark.usefixtures("nothing_prepared")
@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (remove, "The folder of the model keywords-1 is missing."),
        (lose_a_file, "keywords-1/tokenizer.json cannot be read: No such file"),
        (damage, "keywords-1/model.onnx is damaged"),
        (exchange, "keywords-1 is not the folder that was registered."),
    ],
)
@pytest.mark.parametrize("option", ["--if-not-worse", "--skip-unchanged"])
def test_a_lost_live_version_ends_the_run_before_anything_is_prepared(
    keyword_model, home, harm, told, option
):
    harm(home / "models" / keyword_model.name)
    before = set((home / "models").iterdir())
    with pytest.raises(CommandError, match="Nothing was trained") as caught:
        call_command("train", option)
    run = TrainingRun.objects.get()
    assert run.state == TrainingRun.State.FAILED
    assert told in run.reason
    assert "back from a backup" in run.reason and "manage.py activate" in run.reason
    assert str(home) not in run.reason
    assert run.reason == str(caught.value)
    assert set((home / "models").iterdir()) == before
    assert not Dataset.objects.exists()


def test_nothing_has_changed_does_not_hide_a_lost_live_version(
    trained_before, home, few_messages, tiny_config
):
    remove(home / "models" / trained_before.model_version.name)
    with pytest.raises(champion.ChampionError):
        pipeline.train(
            config=tiny_config,
            paths=[few_messages],
            skip_unchanged=True,
            activation="if-not-worse",
        )
    assert ModelVersion.objects.count() == 1


def test_a_training_by_hand_that_compares_nothing_is_a_way_out(
    keyword_model, home, few_messages, tiny_config
):
    remove(home / "models" / keyword_model.name)
    config = tiny_config.with_changes(epochs=1, cross_fit_below=0)
    run = pipeline.train(config=config, paths=[few_messages])
    assert run.activated
    assert registry.live_version() == run.model_version


def test_a_restored_folder_is_a_way_out(keyword_model, home):
    folder = home / "models" / keyword_model.name
    folder.rename(home / "backup")
    with pytest.raises(champion.ChampionError):
        champion.check()
    (home / "backup").rename(folder)
    champion.check()


@pytest.mark.django_db
def test_without_a_live_version_there_is_nothing_to_check(home):
    champion.check()
