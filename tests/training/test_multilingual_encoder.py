"""A multilingual encoder (XLM-RoBERTa, SentencePiece) on its way from a folder to an answer."""

import numpy as np
import pytest

from classifier import artefact
from classifier.engine import Engine
from training import pipeline
from training.export import onnx_graph
from training.learning import base_models, finetune, network
from training.learning.config import PRESETS

DESCRIPTIONS = {"new": "a new customer", "deal": "wants a discount", "buy": "buys now"}
MESSAGES = ["¿Hay algún descuento?", "I am new here", "buy </s> now", "Ist er da? " * 60, "🙂"]


@pytest.fixture(scope="module")
def config(tiny_xlm_roberta):
    return PRESETS["default"].with_changes(
        base_model=str(tiny_xlm_roberta), text_prefix="query: ", epochs=1, min_steps=0
    )


@pytest.fixture(scope="module")
def fitted(config):
    net, reader = network.build(config, DESCRIPTIONS)
    return finetune.Fitted(net.eval(), reader, config)


def test_it_trains_is_exported_and_serves(config, few_messages, home, db):
    run = pipeline.train(config=config, paths=[few_messages])
    folder = home / "models" / run.model_version.name
    manifest = artefact.read(folder)
    assert (manifest.text_cleaning, manifest.text_prefix) == (1, "query: ")
    engine = Engine.load(folder)
    answers = [engine.classify(message).probabilities for message in MESSAGES]
    assert all(np.isfinite(list(each.values())).all() for each in answers)
    assert answers[0] != answers[1]


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_its_graph_says_what_torch_says(fitted, tmp_path, precision):
    graphs = {name: tmp_path / f"{name}.onnx" for name in ("float32", "int8")}
    onnx_graph.to_onnx(fitted, graphs["float32"])
    onnx_graph.quantise(graphs["float32"], graphs["int8"], fitted=fitted, samples=MESSAGES)
    says = onnx_graph.run(fitted, onnx_graph.cut(graphs[precision]), MESSAGES)[0]
    close = {"float32": 1e-3, "int8": 1.0}[precision]
    assert np.abs(says - fitted.exits(MESSAGES)).max() < close


def test_a_message_gets_in_a_batch_what_it_gets_alone(fitted):
    alone = np.concatenate([fitted.logits([message]) for message in MESSAGES])
    assert fitted.logits(MESSAGES) == pytest.approx(alone, abs=1e-5)


def test_prefix_and_ends_stand_around_the_message_and_no_end_in_it(fitted):
    ids = fitted.reader.read("buy </s> <pad> now").ids
    tokenizer = fitted.reader.tokenizer
    assert tokenizer.decode(ids).startswith("query: buy")
    assert (ids[0], ids[-1]) == (0, 2)
    assert not {0, 1, 2} & set(ids[1:-1])


def test_a_message_as_long_as_the_encoder_reads_has_positions_for_all_of_it(fitted):
    reading = fitted.reader.read("Ist er da? " * 200)
    assert reading.cut
    assert len(reading.ids) == 128
    assert np.isfinite(fitted.logits(["Ist er da? " * 200])).all()


def test_more_tokens_than_the_encoder_has_positions_for_are_refused_before_training(config):
    with pytest.raises(base_models.BaseModelError, match="reads at most 128 tokens"):
        network.build(config.with_changes(max_length=129), DESCRIPTIONS)
