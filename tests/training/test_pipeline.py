import json
import re
from collections import defaultdict

import pytest
from django.core.management import CommandError, call_command

from classifier import artefact, registry
from classifier.engine import Engine
from classifier.models import Activation, ModelVersion, Tag
from tests import keyword_model
from tests.training import labelled, tiny
from training import pipeline
from training.datasets import material
from training.datasets.dataset import DatasetError, Example, load_split, load_tags, prepare
from training.decision import early
from training.evaluation import quality
from training.export import onnx_graph
from training.learning import finetune
from training.learning.config import PRESETS
from training.models import Comparison, Dataset, HeldOut, TrainingRun
from training.runs import recording

State = TrainingRun.State
pytestmark = pytest.mark.django_db


class TrainingStarted(Exception):
    """Raised in place of the fine-tuning by tests that only ask whether and with what it starts."""


@pytest.fixture
def started_with(monkeypatch):
    seen = {}

    def stop(**arguments):
        seen.update(arguments)
        raise TrainingStarted

    monkeypatch.setattr(finetune, "fit", stop)
    return seen


@pytest.fixture
def more_messages(tmp_path, few_messages):
    more = tmp_path / "more.jsonl"
    more.write_text(
        few_messages.read_text() + '\n{"message": "I want it now!", "tags": ["Hot-buyer"]}'
    )
    return more


def test_a_model_folder_holds_graph_tokenizer_manifest_and_card(tiny_folder):
    manifest = artefact.read(tiny_folder)
    assert {*manifest.graphs, "tokenizer.json", "card.md", "card.json"} <= set(manifest.files)
    assert len(manifest.dataset_digest) == 64
    answer = Engine.load(tiny_folder).classify("any codes?")
    assert tuple(answer.probabilities) == manifest.tags
    assert [path.name for path in tiny_folder.parent.iterdir()] == [tiny_folder.name]


@pytest.mark.parametrize("worth", [0.0, 1.1])
def test_a_version_has_a_second_graph_where_enough_messages_end_at_the_first(
    home, few_messages, tiny_config, monkeypatch, worth
):
    graphs = 2 if worth == 0 else 1
    monkeypatch.setattr(early, "WORTH", worth)
    run = pipeline.train(config=tiny_config.with_changes(epochs=1), paths=[few_messages])
    folder = home / "models" / run.model_version.name
    assert len(list(folder.glob("*.onnx"))) == graphs
    assert len(Engine.load(folder).exits) == graphs
    told = json.loads((folder / "card.json").read_text())["early_exit"]
    assert (told is not None) == (graphs == 2)
    assert ("## Early exit" in (folder / "card.md").read_text()) == (graphs == 2)


def test_the_card_tells_how_the_version_came_to_be(tiny_folder, tiny_config):
    card = json.loads((tiny_folder / "card.json").read_text())
    assert card["config"] == tiny_config.as_dict()
    assert card["libraries"]["torch"]
    assert len(card["history"]) <= tiny_config.epochs
    assert card["export"]["max_abs_difference"] <= 1e-3
    assert set(card["test"]["per_tag"]) == set(artefact.read(tiny_folder).tags)
    assert card["latency_ms"]["p50"] > 0


def test_the_train_command_makes_the_version_live_and_prints_its_figures(
    home, tmp_path, tiny_config, capsys
):
    """With a CSV of a shop's own, and a tag of its own."""
    Tag.objects.create(name="Complaint", stage=5, description="The customer complains.")
    angry = ["broken again", "so rude", "never on time", "wrong colour twice", "awful support"]
    rows = [f'"{words}, case {n}, this is bad",Complaint' for n in range(8) for words in angry]
    path = tmp_path / "shop.csv"
    path.write_text("message,tags\n" + "\n".join(rows))
    call_command("train", path, *tiny.quickly(tiny_config.base_model))
    assert registry.live_version().tags == ["Complaint"]
    run = TrainingRun.objects.get()
    assert (run.state, run.activated, run.trigger) == (State.SUCCEEDED, True, "command")
    assert run.dataset == Dataset.objects.get()
    assert "micro-F1" in capsys.readouterr().out


def test_the_original_recipe_trains_a_distilbert_and_need_not_go_live(
    home, few_messages, tiny_distilbert
):
    call_command(
        "train", few_messages, "--preset", "original", "--base-model", str(tiny_distilbert),
        "--set", "epochs=1", "--set", "min_steps=0", "--no-activate",
    )  # fmt: skip
    manifest = artefact.read(home / "models" / ModelVersion.objects.get().name)
    assert set(manifest.temperatures.values()) == {1.0}
    assert set(manifest.thresholds.values()) == {manifest.threshold}
    assert 0.30 <= manifest.threshold <= 0.55
    assert manifest.early_exit is None
    assert not Activation.objects.exists()


def test_the_same_messages_config_and_seed_give_the_same_weights(tiny_config, few_messages, home):
    examples = load_split(prepare([few_messages]), "train")
    arrays = ([e.message for e in examples], quality.labels(examples, ["Hot-buyer"]))
    answers = [
        finetune.fit(
            train=arrays,
            validation=arrays,
            descriptions={"Hot-buyer": "buys now"},
            config=tiny_config,
        ).logits(["where do I pay?"])
        for _ in range(2)
    ]
    assert answers[0] == pytest.approx(answers[1], abs=1e-6)


def test_unchanged_messages_end_the_run_as_skipped_with_the_reason(
    trained_before, few_messages, tiny_config
):
    run = pipeline.train(config=tiny_config, paths=[few_messages], skip_unchanged=True)
    assert run.state == State.SKIPPED
    assert f"Nothing has changed since run {trained_before.pk}" in run.reason
    assert ModelVersion.objects.count() == 1


def test_another_config_is_a_change(trained_before, few_messages, tiny_config, started_with):
    with pytest.raises(TrainingStarted):
        pipeline.train(
            config=tiny_config.with_changes(seed=1), paths=[few_messages], skip_unchanged=True
        )


@pytest.fixture
def by_heart(home, few_messages):
    """A live version that knows the test split by heart."""
    dataset = prepare([few_messages])
    words = defaultdict(set)
    for example in load_split(dataset, "test"):
        for word in re.findall("[a-z]{3,}", example.message.lower()):
            words[word].add(example.tags)
    known = {
        tag: [word for word, tags in words.items() if all(tag in some for some in tags)]
        for tag in load_tags(dataset)
    }
    keyword_model.build(home / "models", "by-heart", words=known)
    version = registry.register("by-heart")
    ModelVersion.objects.update(dataset_digest=dataset.digest)
    registry.activate(version)
    return version


def test_a_worse_version_does_not_go_live_and_the_report_says_why(
    by_heart, few_messages, tiny_config
):
    run = pipeline.train(config=tiny_config, paths=[few_messages], activation="if-not-worse")
    assert (run.state, run.activated) == (State.SUCCEEDED, False)
    assert registry.live_version() == by_heart
    assert "worse than by-heart beyond chance" in run.reason
    found = run.comparison
    assert (found.challenger, found.champion) == (run.model_version, by_heart)
    assert (found.verdict, found.reason) == ("refused", run.reason)
    assert found.markdown.startswith(f"# {run.model_version} against by-heart")
    assert found.report["parts"][0]["messages"] == run.dataset.sizes["test"]


def test_a_version_as_good_as_the_live_one_goes_live(trained_before, few_messages, tiny_config):
    run = pipeline.train(config=tiny_config, paths=[few_messages], activation="if-not-worse")
    assert run.activated
    assert run.comparison.verdict == "live"
    assert registry.live_version() == run.model_version


@pytest.mark.parametrize("cross_fit_below", [0, 1000])
def test_a_candidate_that_will_be_compared_never_learns_from_the_live_test_split(
    trained_before, more_messages, tiny_config, started_with, cross_fit_below
):
    with pytest.raises(TrainingStarted):
        pipeline.train(
            config=tiny_config.with_changes(cross_fit_below=cross_fit_below),
            paths=[more_messages],
            activation="if-not-worse",
        )
    live_test = {e.message for e in load_split(trained_before.dataset, "test")}
    learnt = [started_with[split] for split in ("train", "validation") if started_with[split]]
    assert len(learnt) == (1 if cross_fit_below else 2)
    for texts, _ in learnt:
        assert texts
        assert not set(texts) & live_test


def test_when_the_live_test_split_leaves_nothing_to_learn_from_a_sentence_says_so(
    trained_before, tiny_config, tmp_path
):
    path = tmp_path / "same.jsonl"
    rows = [vars(e) for e in load_split(trained_before.dataset, "test")]
    path.write_text("\n".join(json.dumps({k: r[k] for k in ("message", "tags")}) for r in rows))
    with pytest.raises(DatasetError, match="nothing is left to learn from"):
        pipeline.train(config=tiny_config, paths=[path], activation="if-not-worse")


def test_a_small_data_set_is_decided_on_out_of_fold_and_a_larger_one_on_its_validation_split(
    home, few_messages, tiny_config
):
    learnt = {}
    for below in (0, 1000):
        config = tiny_config.with_changes(cross_fit_below=below, epochs=1, folds=2)
        version = pipeline.train(config=config, paths=[few_messages]).model_version
        card = json.loads((home / "models" / version.name / "card.json").read_text())
        learnt[below] = card["folds"], card["validation"]["support"]
    sizes = card["dataset"]["sizes"]
    assert learnt == {
        0: (None, sizes["validation"]),
        1000: (2, sizes["train"] + sizes["validation"]),
    }
    assert not Comparison.objects.exists()  # both went live as asked
    assert card["review_band"] == list(artefact.read(home / "models" / version.name).review_band)


def test_a_quick_version_says_from_how_many_messages_it_learnt(home, db, few_messages, tiny_bert):
    quick = PRESETS["quick"].with_changes(
        base_model=str(tiny_bert), min_steps=0, learn_from=4000, cross_fit_below=0
    )
    run = pipeline.train(config=quick, paths=[few_messages])
    told = run.model_version.metrics["quick"]
    assert 0 < told["messages"] < told["of"] == run.dataset.sizes["train"]
    card = (home / "models" / run.model_version.name / "card.md").read_text()
    assert f"heads alone learnt, from {told['messages']} of {told['of']} messages" in card


def test_a_quick_version_serves_in_float32_for_int8_takes_time(home, db, few_messages, tiny_bert):
    quick = PRESETS["quick"].with_changes(base_model=str(tiny_bert))
    version = pipeline.train(config=quick, paths=[few_messages]).model_version
    assert artefact.read(home / "models" / version.name).precision == "float32"
    assert onnx_graph.QUICK in (home / "models" / version.name / "card.md").read_text()
    assert registry.load(version).classify("anorak boots").probabilities


def test_a_shop_with_ten_messages_gets_a_quick_version(home, db, tiny_bert):
    ten = labelled.file(home / "ten.jsonl", count=10)
    quick = PRESETS["quick"].with_changes(base_model=str(tiny_bert))
    run = pipeline.train(config=quick, paths=[ten])
    assert run.model_version.metrics["folds"]
    assert registry.load(run.model_version).classify("anorak boots").probabilities


def test_what_a_version_was_tested_on_is_held_out_for_ever(home, few_messages, tiny_config):
    run = pipeline.train(config=tiny_config.with_changes(epochs=1), paths=[few_messages])
    held = HeldOut.objects.filter(since=run.dataset, split="test")
    assert held.count() == run.dataset.sizes["test"]
    assert prepare([few_messages]) == run.dataset


def test_a_near_duplicate_of_a_live_test_message_is_learnt_from_as_little():
    barred = [Example(message="I want the red kettle now, please", tags=())]
    near = Example(message="I want the red kettle now please!!", tags=())
    other = Example(message="Any discount on boots?", tags=())
    assert material.apart_from(barred, [near, other]) == [other]


def test_what_is_left_out_is_told_in_a_line_of_its_own(
    home, trained_before, few_messages, tiny_config
):
    """Bad records are told as prepare_dataset tells them, and on the row what was kept apart:
    messages like those of the live version's test split that the files hold no more."""
    edited = home / "edited.jsonl"
    tested = max((e.message for e in load_split(trained_before.dataset, "test")), key=len)
    rows = [json.loads(line) for line in few_messages.read_text().splitlines()]
    for row in rows:
        row["message"] += " ok" if row["message"] == tested else ""
    edited.write_text("\n".join(json.dumps(row) for row in rows))
    bad = home / "bad.jsonl"
    bad.write_text('{"message": 7, "tags": []}')
    steps = []
    run = pipeline.train(
        config=tiny_config,
        paths=[edited, bad],
        activation="if-not-worse",
        progress=lambda step: steps.append(step.get("step", "")),
    )
    assert any("bad.jsonl:1: message is not a string" in step for step in steps)
    (told,) = [step for step in steps if "were not learnt from" in step]
    assert told in run.reason
    card = json.loads((home / "models" / run.model_version.name / "card.json").read_text())
    assert card["dataset"]["kept_apart"] == told
    assert told.startswith("1 of ")


@pytest.mark.parametrize("change", ["epochs=2.5", "calibrate=maybe", "epoch=2"])
def test_a_change_that_makes_no_sense_is_refused_before_anything_starts(home, db, change):
    with pytest.raises(CommandError, match=f"--set.*: .*{change.split('=')[0]}"):
        call_command("train", "--set", change)
    assert not TrainingRun.objects.exists()


def test_an_error_stands_on_the_row_and_leaves_no_folder(
    home, few_messages, tiny_config, monkeypatch
):
    def full_disk(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pipeline.onnx_graph, "export", full_disk)
    with pytest.raises(OSError, match="No space"):
        pipeline.train(config=tiny_config, paths=[few_messages])
    run = TrainingRun.objects.get()
    assert (run.state, run.model_version) == (State.FAILED, None)
    assert "No space left" in run.reason
    assert list((home / "models").iterdir()) == []


def test_a_second_training_is_refused_with_a_clear_sentence(home, few_messages):
    with recording.recorded("schedule", {}), pytest.raises(CommandError, match="under way"):
        call_command("train", few_messages)


def test_a_task_that_finds_another_training_is_skipped_with_the_reason(home, monkeypatch):
    monkeypatch.setattr("os.nice", lambda _: None)
    with recording.recorded("command", {}):
        call_command("train", "--trigger", "schedule")
    skipped = TrainingRun.objects.get(trigger="schedule")
    assert skipped.state == State.SKIPPED
    assert "under way" in skipped.reason


@pytest.mark.parametrize("change", ["epochs=0", "nonsense=1"])
def test_a_bad_setting_is_refused_before_anything_starts(home, change):
    with pytest.raises(CommandError, match="--set"):
        call_command("train", "--set", change)
    assert not TrainingRun.objects.exists()
