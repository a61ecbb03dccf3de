import numpy as np
import pytest
import torch

from classifier import graph
from classifier.graph import Graph, inputs
from training.export import onnx_graph
from training.learning import finetune, network
from training.learning.config import PRESETS

MESSAGES = [
    "Any codes?",
    "I'm new here and ready to buy if there is a discount, how do I pay?",
    "just looking " * 40,
    "🙂",
]
GOLD = np.zeros((len(MESSAGES), 3), dtype=bool)
DESCRIPTIONS = {"new": "a new customer", "deal": "wants a discount", "buy": "buys now"}


def fitted(config) -> finetune.Fitted:
    torch.manual_seed(1)
    net, reader = network.build(config, DESCRIPTIONS)
    return finetune.Fitted(net.eval(), reader, config)


def size(folder) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.onnx"))


@pytest.fixture(params=["default", "original"])
def model(request, tiny_distilbert):
    """A DistilBERT, which has no pooler, with either head; with the first it has an early exit."""
    return fitted(PRESETS[request.param].with_changes(base_model=str(tiny_distilbert)))


def test_the_graph_says_what_torch_says_for_any_number_and_length_of_messages(model, tmp_path):
    onnx_graph.to_onnx(model, tmp_path / "model.onnx")
    says = onnx_graph.run(model, onnx_graph.cut(tmp_path / "model.onnx"), MESSAGES)[0]
    assert np.abs(says - model.exits(MESSAGES)).max() < 1e-3


def test_int8_is_smaller_and_near(model, tmp_path):
    onnx_graph.to_onnx(model, tmp_path / "float32.onnx")
    onnx_graph.quantise(
        tmp_path / "float32.onnx", tmp_path / "int8.onnx", fitted=model, samples=MESSAGES
    )
    small, large = ((tmp_path / f"{n}.onnx").stat().st_size for n in ("int8", "float32"))
    assert small < 0.5 * large
    near = onnx_graph.run(model, onnx_graph.cut(tmp_path / "int8.onnx"), MESSAGES)[0]
    assert np.abs(near - model.exits(MESSAGES)).max() < 1.0


def test_cut_at_its_early_exit_a_graph_computes_the_same(tiny_bert, tmp_path):
    model = fitted(PRESETS["default"].with_changes(base_model=str(tiny_bert)))
    onnx_graph.to_onnx(model, tmp_path / "float32.onnx")
    whole = tmp_path / "int8.onnx"
    onnx_graph.quantise(tmp_path / "float32.onnx", whole, fitted=model, samples=MESSAGES)
    uncut = Graph(whole)._parts[0]
    parts = onnx_graph.cut(whole)
    assert sum(part.stat().st_size for part in parts) < 1.1 * whole.stat().st_size
    for message in MESSAGES:
        reading = model.reader.read(message)
        said = uncut.run(inputs(reading))
        early, last = Graph(*parts).exits(reading)
        assert early == pytest.approx(said[onnx_graph.EARLY][0], abs=1e-4)
        assert last == pytest.approx(said[onnx_graph.LOGITS][0], abs=1e-4)


def test_what_lies_behind_an_exit_is_not_computed_unless_asked_for(model, tmp_path, monkeypatch):
    onnx_graph.to_onnx(model, tmp_path / "model.onnx")
    served = Graph(*onnx_graph.cut(tmp_path / "model.onnx"))
    ran = []
    run = graph._Part.run
    monkeypatch.setattr(graph._Part, "run", lambda part, t: (ran.append(part), run(part, t))[1])
    next(served.exits(model.reader.read("any codes?")))
    assert ran == served._parts[:1]


def test_the_folder_gets_the_int8_graph_when_it_scores_as_well(model, tmp_path):
    staging = tmp_path / "staging"
    staging.mkdir()
    exported = onnx_graph.export(
        model, staging, messages=MESSAGES, samples=MESSAGES, gold=GOLD, decide=lambda _: GOLD
    )
    assert exported.precision == "int8"
    assert size(staging) == exported.size_bytes["int8"]
    deeper = ["deeper.onnx"] if model.network.early else []
    assert {path.name for path in staging.iterdir()} == {"model.onnx", "tokenizer.json", *deeper}


def test_the_float_graph_serves_when_int8_loses_too_much(model, tmp_path):
    gold = np.ones((len(MESSAGES), 3), dtype=bool)
    decisions = iter([gold, ~gold])
    staging = tmp_path / "staging"
    staging.mkdir()
    exported = onnx_graph.export(
        model,
        staging,
        messages=MESSAGES,
        samples=MESSAGES,
        gold=gold,
        decide=lambda _: next(decisions),
    )
    assert exported.precision == "float32"
    assert "loses more than" in exported.reason
    assert size(staging) == exported.size_bytes["float32"]


def test_a_graph_that_differs_from_torch_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_graph, "MAX_DIFFERENCE", -1.0)
    with pytest.raises(onnx_graph.ExportError, match="differs"):
        onnx_graph.export(
            model, tmp_path, messages=MESSAGES, samples=MESSAGES, gold=GOLD, decide=lambda _: GOLD
        )


def test_the_answers_of_the_graph_that_will_serve_come_back_with_it(model, tmp_path):
    staging = tmp_path / "staging"
    staging.mkdir()
    exported = onnx_graph.export(
        model, staging, messages=MESSAGES, samples=MESSAGES, gold=GOLD, decide=lambda _: GOLD
    )
    parts = [staging / name for name in ("model.onnx", "deeper.onnx")][: len(exported.exits)]
    again, seconds = onnx_graph.run(model, parts, MESSAGES)
    assert exported.exits == pytest.approx(again)
    assert seconds.shape == exported.exits.shape[:2]
    assert (np.diff(seconds, axis=0) > 0).all()


def decisions(messages, wrong):
    """Gold, and decisions of one tag of which the first `wrong` are not right."""
    gold = np.ones((messages, 1), dtype=bool)
    said = gold.copy()
    said[:wrong] = False
    return gold, said


@pytest.mark.parametrize(("wrong", "precision"), [(10, "int8"), (40, "float32")])
def test_of_many_messages_int8_may_lose_half_a_point_and_no_more(wrong, precision):
    gold, said = decisions(2000, wrong)
    assert onnx_graph.choose(gold, float32=gold, int8=said)[0] == precision


def test_of_few_messages_one_wrong_decision_may_be_chance():
    gold, said = decisions(80, 1)
    assert onnx_graph.choose(gold, float32=gold, int8=said) == (
        "int8",
        "micro-F1 0.9937 as int8, 1.0000 as float32: on 80 messages no more than chance.",
    )
    gold, said = decisions(80, 12)
    assert onnx_graph.choose(gold, float32=gold, int8=said)[0] == "float32"


def test_a_bert_with_a_pooler_uses_it_under_the_original_preset(tiny_bert):
    model = fitted(PRESETS["original"].with_changes(base_model=str(tiny_bert)))
    ids, mask = network.batch(model.reader, ["hello there"])
    with torch.no_grad():
        pooled = model.network.encoder(input_ids=ids, attention_mask=mask).pooler_output
        assert torch.equal(model.network.embed(ids, mask), pooled)
