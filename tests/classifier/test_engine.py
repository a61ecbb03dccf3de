from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from classifier import artefact
from classifier.artefact import ArtefactError
from classifier.engine import Engine
from tests import keyword_model

WORDS = {"Deal-seeker": ["discount"], "Hot-buyer": ["buy"]}


def load(tmp_path, **options):
    return Engine.load(keyword_model.build(tmp_path, "a-model", words=WORDS, **options))


def replace_file(folder, name, content):
    """A folder whose manifest vouches for a file that does not fit."""
    manifest = artefact.read(folder)
    staging = folder.with_name(f"{folder.name}-changed-staging")
    folder.rename(staging)
    (staging / name).write_bytes(content)
    return artefact.publish(staging=staging, models_dir=folder.parent, manifest=manifest)


def test_probabilities_are_the_sigmoid_of_logit_over_temperature(tmp_path):
    engine = load(tmp_path, temperatures={"Hot-buyer": 2.0})
    found = engine.classify("I want to BUY it, with a discount!").probabilities
    assert found["Deal-seeker"] == pytest.approx(1 / (1 + np.exp(-3.0)))
    assert found["Hot-buyer"] == pytest.approx(1 / (1 + np.exp(-1.5)))


def test_a_tags_own_threshold_decides_whether_it_is_selected(tmp_path):
    engine = load(tmp_path, thresholds={"Deal-seeker": 0.96, "Hot-buyer": 0.95})
    assert [tag for tag, _ in engine.classify("buy discount").selected] == ["Hot-buyer"]


def test_tags_are_ranked_by_probability_then_name(tmp_path):
    engine = load(tmp_path)
    assert [tag for tag, _ in engine.classify("buy").ranked] == ["Hot-buyer", "Deal-seeker"]
    assert [tag for tag, _ in engine.classify("hello").ranked] == ["Deal-seeker", "Hot-buyer"]


def test_a_message_is_cut_at_the_models_length(tmp_path):
    engine = load(tmp_path, max_length=3)
    assert [tag for tag, _ in engine.classify("a b buy").selected] == ["Hot-buyer"]
    assert engine.classify("a b c buy").selected == []


@pytest.mark.parametrize("text", ["", "   ", "\u200d", "🙂", "日本語"])
def test_a_text_of_which_the_tokenizer_keeps_nothing_gets_an_answer(tmp_path, text):
    assert load(tmp_path).classify(text).selected == []


def test_an_extreme_temperature_gives_no_warning_and_no_nan(tmp_path, recwarn):
    found = load(tmp_path, temperatures={"Hot-buyer": 1e-6}).classify("hello")
    assert found.probabilities["Hot-buyer"] == 0.0
    assert not recwarn.list


def test_many_threads_get_the_answers_that_one_gets(tmp_path):
    engine = load(tmp_path)
    texts = ["buy", "discount", "buy with a discount", "hello"] * 50
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(engine.classify, texts)) == [engine.classify(text) for text in texts]


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_sealed_file_that_is_rubbish_is_refused(tmp_path, name):
    folder = keyword_model.build(tmp_path, "a-model", words=WORDS)
    with pytest.raises(ArtefactError, match="cannot be loaded"):
        Engine.load(replace_file(folder, name, b"rubbish"))


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_a_graph_that_does_not_fit_the_tags_is_refused(tmp_path, value):
    """NaN for two tags, or one finite logit where two are due."""
    folder = keyword_model.build(tmp_path, "a-model", words=WORDS)
    logits = np.full((1, 2 if np.isnan(value) else 1), value, dtype=np.float32)
    with pytest.raises(ArtefactError, match="the graph answers"):
        Engine.load(replace_file(folder, "model.onnx", constant_graph(logits)))


def constant_graph(logits):
    ids = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    constant = helper.make_node(
        "Constant", [], ["logits"], value=onnx.numpy_helper.from_array(logits)
    )
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, list(logits.shape))
    graph = helper.make_graph([constant], "constant", ids, [output])
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
