import json

import pytest
from django.core.management import CommandError, call_command

from classifier import artefact, registry
from classifier.engine import Engine
from classifier.models import Activation, ModelVersion, Tag
from training import pipeline, runs
from training.models import Dataset, TrainingRun

State = TrainingRun.State
pytestmark = pytest.mark.django_db


def test_a_training_ends_with_a_live_version_that_answers(home, few_messages, tiny_config):
    run = pipeline.train(config=tiny_config, paths=[few_messages])
    assert (run.state, run.activated) == (State.SUCCEEDED, True)
    assert registry.live_version() == run.model_version
    engine = Engine.load(home / "models" / run.model_version.name)
    assert set(engine.classify("any codes?").probabilities) == set(run.model_version.tags)


def test_the_model_folder_holds_graph_tokenizer_manifest_and_card(home, few_messages, tiny_config):
    run = pipeline.train(config=tiny_config, paths=[few_messages])
    folder = home / "models" / run.model_version.name
    manifest = artefact.read(folder)
    assert {"model.onnx", "tokenizer.json", "card.md", "card.json"} <= set(manifest.files)
    assert manifest.dataset_digest == Dataset.objects.get().digest
    assert [p.name for p in (home / "models").iterdir()] == [folder.name]


def test_the_card_tells_how_the_version_came_to_be(home, few_messages, tiny_config):
    run = pipeline.train(config=tiny_config, paths=[few_messages])
    card = json.loads((home / "models" / run.model_version.name / "card.json").read_text())
    assert card["config"] == tiny_config.as_dict()
    assert card["libraries"]["torch"]
    assert len(card["history"]) <= tiny_config.epochs
    assert card["export"]["max_abs_difference"] <= 1e-3
    assert set(card["test"]["per_tag"]) == set(run.model_version.tags)
    assert card["latency_ms"]["p50"] > 0


def test_the_same_messages_config_and_seed_give_the_same_model(home, few_messages, tiny_config):
    first, second = (
        pipeline.train(config=tiny_config, paths=[few_messages]).model_version for _ in range(2)
    )
    engines = [Engine.load(home / "models" / version.name) for version in (first, second)]
    answers = [engine.classify("where do I pay?").probabilities for engine in engines]
    assert answers[0] == pytest.approx(answers[1], abs=1e-5)


def test_not_activating_leaves_the_live_version_alone(home, few_messages, tiny_config):
    run = pipeline.train(config=tiny_config, paths=[few_messages], activation="never")
    assert run.model_version is not None
    assert not Activation.objects.exists()


def test_unchanged_messages_end_the_run_as_skipped_with_the_reason(home, few_messages, tiny_config):
    first = pipeline.train(config=tiny_config, paths=[few_messages])
    second = pipeline.train(config=tiny_config, paths=[few_messages], skip_unchanged=True)
    assert second.state == State.SKIPPED
    assert str(first.model_version) in second.reason
    assert ModelVersion.objects.count() == 1


def test_another_config_is_a_change(home, few_messages, tiny_config):
    pipeline.train(config=tiny_config, paths=[few_messages])
    other = tiny_config.with_changes(seed=1)
    assert pipeline.train(config=other, paths=[few_messages], skip_unchanged=True).model_version


def test_a_worse_version_does_not_go_live(home, few_messages, tiny_config, monkeypatch):
    live = pipeline.train(config=tiny_config, paths=[few_messages]).model_version
    scores = iter([0.50, 0.51])
    monkeypatch.setattr(pipeline.evaluation, "engine_micro_f1", lambda *_: next(scores))
    worse = pipeline.train(
        config=tiny_config.with_changes(seed=1), paths=[few_messages], activation="if-not-worse"
    )
    assert (worse.activated, registry.live_version()) == (False, live)
    assert "0.5000 against 0.5100" in worse.reason


def test_a_candidate_that_will_be_compared_never_learns_from_the_live_test_split(
    home, few_messages, tiny_config, monkeypatch
):
    pipeline.train(config=tiny_config, paths=[few_messages])
    live_test = {e.message for e in pipeline.datasets.load_split(Dataset.objects.get(), "test")}
    more = few_messages.with_name("more.jsonl")
    more.write_text(
        few_messages.read_text() + '\n{"message": "I want it now!", "tags": ["Hot-buyer"]}'
    )
    seen = {}
    fit = pipeline.finetune.fit

    def spy(**arguments):
        seen["train"] = set(arguments["train"][0])
        return fit(**arguments)

    monkeypatch.setattr(pipeline.finetune, "fit", spy)
    pipeline.train(config=tiny_config, paths=[more], activation="if-not-worse")
    assert not seen["train"] & live_test


def test_a_tag_that_a_shop_adds_is_trained_with_the_others(home, tmp_path, tiny_config):
    Tag.objects.create(name="Complaint", stage=5, description="The customer complains.")
    path = tmp_path / "shop.csv"
    angry = ["broken again", "so rude", "never on time", "wrong colour twice", "awful support"]
    rows = [f'"{words}, case {n}, this is bad",Complaint' for n in range(8) for words in angry]
    path.write_text("message,tags\n" + "\n".join(rows))
    run = pipeline.train(config=tiny_config, paths=[path])
    assert run.model_version.tags == ["Complaint"]


def test_an_error_stands_on_the_row_and_leaves_no_folder(
    home, few_messages, tiny_config, monkeypatch
):
    def full_disk(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pipeline.export, "export", full_disk)
    with pytest.raises(OSError, match="No space"):
        pipeline.train(config=tiny_config, paths=[few_messages])
    run = TrainingRun.objects.get()
    assert (run.state, run.model_version) == (State.FAILED, None)
    assert "No space left" in run.reason
    assert list((home / "models").iterdir()) == []


def test_a_second_training_is_refused_with_a_clear_sentence(home, few_messages):
    with runs.recorded("schedule", {}), pytest.raises(CommandError, match="under way"):
        call_command("train", few_messages)


def test_the_train_command_prints_the_figures(home, few_messages, tiny_config, capsys):
    call_command("train", few_messages, "--base-model", tiny_config.base_model, "--set", "epochs=1")
    assert "micro-F1" in capsys.readouterr().out


@pytest.mark.parametrize("change", ["epochs=0", "nonsense=1"])
def test_a_bad_setting_is_refused_before_anything_starts(home, change):
    with pytest.raises(CommandError, match="--set"):
        call_command("train", "--set", change)
    assert not TrainingRun.objects.exists()


def test_the_original_recipe_trains_a_distilbert(home, few_messages, tiny_distilbert):
    call_command(
        "train", few_messages, "--preset", "original", "--base-model", str(tiny_distilbert),
        "--set", "epochs=1",
    )  # fmt: skip
    version = registry.live_version()
    manifest = artefact.read(home / "models" / version.name)
    assert set(manifest.temperatures.values()) == {1.0}
    assert set(manifest.thresholds.values()) == {manifest.threshold}
    assert 0.30 <= manifest.threshold <= 0.55
